"""Approvals in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from slipway.contracts.ledger import BY_MONTH, PENDING_APPROVALS, approval_key

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord


class DynamoDbApprovals:
    """Port ``Approvals``."""

    _table: DynamoDbTable

    def put_approval(self, record: ApprovalRecord) -> bool:
        return self._table.put(
            {
                **record,
                **approval_key(record["release_id"]),
                "month_pk": PENDING_APPROVALS,
                "month_sk": f"{record['expires_at_epoch']:012d}#{record['release_id']}",
            },
            condition="attribute_not_exists(#pk) OR #status IN (:pending, :expired)",
            values={":pending": "pending", ":expired": "expired"},
        )

    def get_approval(self, release_id: str) -> ApprovalRecord | None:
        return cast("ApprovalRecord | None", self._table.get(approval_key(release_id)))

    def decide_approval(self, release_id: str, decision: ApprovalDecision, *, now_epoch: int) -> bool:
        values: dict[str, Any] = {f":{name}": value for name, value in decision.items()}
        condition = "#status = :pending"
        if decision["status"] != "expired":
            condition += " AND #expires_at_epoch > :now"
            values[":now"] = now_epoch
        return self._table.update(
            approval_key(release_id),
            "SET " + ", ".join(f"#{name} = :{name}" for name in decision),
            condition=condition,
            values={**values, ":pending": "pending"},
        )

    def mark_delivered(self, release_id: str) -> None:
        # without its index key the item leaves the list of pending ones
        self._table.update(
            approval_key(release_id),
            "SET #delivered = :yes REMOVE #month_pk, #month_sk",
            condition="attribute_exists(#pk)",
            values={":yes": True},
        )

    def pending_approvals(self) -> list[ApprovalRecord]:
        # the index may lag and need not hold every attribute: the items themselves are read
        listed = self._table.query(PENDING_APPROVALS, index=BY_MONTH, attributes=("release_id",))
        found = [self.get_approval(entry["release_id"]) for entry in listed]
        return [record for record in found if record is not None and not record["delivered"]]
