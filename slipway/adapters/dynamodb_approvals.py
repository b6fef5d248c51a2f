"""Approvals in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from slipway.contracts.ledger_keys import BY_MONTH, PENDING_APPROVALS, approval_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord, PersonalDecision


_APPEND: Final = "#decisions = list_append(if_not_exists(#decisions, :none), :person)"


class DynamoDbApprovals:
    """Port ``Approvals``."""

    _table: DynamoDbTable

    def put_approval(self, record: ApprovalRecord) -> bool:
        return self._table.put(
            {**record, **approval_key(record["release_id"]), **_listing(record)},
            condition="attribute_not_exists(#pk)",
        )

    def renew_approval(
        self, release_id: str, *, task_token: str, redrive: int, expires_at_epoch: int, reopen: bool
    ) -> bool:
        listing = _listing({"release_id": release_id, "expires_at_epoch": expires_at_epoch})
        change = "SET #task_token = :token, #redrive = :redrive, #delivered = :no, #settled = :no"
        values = {":token": task_token, ":redrive": redrive, ":no": False, ":expired": "expired"}
        if not reopen:
            return self._table.update(
                approval_key(release_id),
                f"{change}, #month_pk = :pk, #month_sk = if_not_exists(#month_sk, :sk)",
                condition="attribute_exists(#pk) AND #status <> :expired",
                values={**values, ":pk": listing["month_pk"], ":sk": listing["month_sk"]},
            )
        return self._table.update(
            approval_key(release_id),
            f"{change}, #month_pk = :pk, #month_sk = :sk, #status = :pending, #expires_at_epoch = :expiry, "
            "#undeliverable = :no",
            condition="#status IN (:expired, :pending)",
            values={
                **values,
                ":pk": listing["month_pk"],
                ":sk": listing["month_sk"],
                ":pending": "pending",
                ":expiry": expires_at_epoch,
            },
        )

    def get_approval(self, release_id: str) -> ApprovalRecord | None:
        record = self._table.get(approval_key(release_id))
        if record is not None:
            record.pop("task_token", None)
        return cast("ApprovalRecord | None", record)

    def approval_token(self, release_id: str) -> str:
        return str((self._table.get(approval_key(release_id)) or {}).get("task_token", ""))

    def mark_told(self, release_id: str, approver: str, redrive: int) -> None:
        # the record is written by one request at a time: a lost update would send one message twice
        record = self.get_approval(release_id)
        told = {**(record["told"] if record is not None else {}), approver: redrive}
        self._table.update(
            approval_key(release_id),
            "SET #told = :told",
            condition="attribute_exists(#pk)",
            values={":told": told},
        )

    def decide_approval(
        self,
        release_id: str,
        decision: ApprovalDecision,
        *,
        now_epoch: int,
        person: PersonalDecision | None = None,
        after: int = 0,
    ) -> bool:
        values: dict[str, Any] = {f":{name}": value for name, value in decision.items()}
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in decision)
        in_time = decision["status"] != "expired"
        condition = f"#status = :pending AND #expires_at_epoch {'>' if in_time else '<='} :now"
        if person is not None:
            change, condition = f"{change}, {_APPEND}", f"{condition} AND {_unchanged(after)}"
            values |= _appended(person, after)
        return self._table.update(
            approval_key(release_id),
            change,
            condition=condition,
            values={**values, ":pending": "pending", ":now": now_epoch},
        )

    def note_decision(self, release_id: str, person: PersonalDecision, *, now_epoch: int, after: int) -> bool:
        return self._table.update(
            approval_key(release_id),
            f"SET {_APPEND}",
            condition=f"#status = :pending AND #expires_at_epoch > :now AND {_unchanged(after)}",
            values={**_appended(person, after), ":pending": "pending", ":now": now_epoch},
        )

    def renew_report(self, release_id: str, report_digest: str, *, was: str, found_at: str) -> bool:
        return self._table.update(
            approval_key(release_id),
            "SET #report_digest = :digest, #told = :nobody, "
            "#report_changes = list_append(if_not_exists(#report_changes, :none), :change)",
            condition="#status = :pending AND #report_digest = :was",
            values={
                ":digest": report_digest,
                ":nobody": {},
                ":none": [],
                ":change": [{"report_digest": was, "found_at": found_at}],
                ":pending": "pending",
                ":was": was,
            },
        )

    def note_escalation(
        self, release_id: str, approvers: Mapping[str, str], *, redrive: int, at: str
    ) -> bool:
        # nobody else writes this map after the first request: it may be read and written back
        known = self.get_approval(release_id)
        everybody = {**approvers, **(known["approvers"] if known is not None else {})}
        return self._table.update(
            approval_key(release_id),
            "SET #approvers = :everybody, #escalated = :redrive, #escalated_at = :at",
            condition="#status = :pending AND (attribute_not_exists(#escalated) OR #escalated <> :redrive)",
            values={":everybody": everybody, ":redrive": redrive, ":at": at, ":pending": "pending"},
        )

    def note_reminder(self, release_id: str, *, redrive: int, at: str) -> bool:
        return self._table.update(
            approval_key(release_id),
            "SET #reminded = :redrive, #reminded_at = :at",
            condition="#status = :pending AND (attribute_not_exists(#reminded) OR #reminded <> :redrive)",
            values={":redrive": redrive, ":at": at, ":pending": "pending"},
        )

    def close_approval(self, release_id: str, decision: ApprovalDecision) -> bool:
        changes: dict[str, Any] = {**decision, "delivered": True, "undeliverable": True, "settled": True}
        return self._table.update(
            approval_key(release_id),
            "SET "
            + ", ".join(f"#{name} = :{name}" for name in changes)
            + " REMOVE #month_pk, #month_sk, #task_token",
            condition="#status = :pending",
            values={**{f":{name}": value for name, value in changes.items()}, ":pending": "pending"},
        )

    def mark_delivered(self, release_id: str, *, undeliverable: bool) -> None:
        self._table.update(
            approval_key(release_id),
            "SET #delivered = :yes, #undeliverable = :undeliverable",
            condition="attribute_exists(#pk)",
            values={":yes": True, ":undeliverable": undeliverable},
        )

    def mark_settled(self, release_id: str) -> None:
        # without its index key the item leaves the list of pending ones
        self._table.update(
            approval_key(release_id),
            "SET #settled = :yes REMOVE #month_pk, #month_sk, #task_token",
            condition="attribute_exists(#pk)",
            values={":yes": True},
        )

    def pending_approvals(self) -> list[ApprovalRecord]:
        # the index may lag and need not hold every attribute: the items themselves are read
        listed = self._table.query(PENDING_APPROVALS, index=BY_MONTH, attributes=("release_id",))
        found = [self.get_approval(entry["release_id"]) for entry in listed]
        return [record for record in found if record is not None and not record["settled"]]


def _unchanged(after: int) -> str:
    """Nobody else has decided, and nobody was asked anew, since the record was read."""
    counted, same = "size(#decisions) = :after", "#report_digest = :shown"
    # records that an older version wrote have neither list nor digest
    counted = counted if after else f"(attribute_not_exists(#decisions) OR {counted})"
    return f"{counted} AND #redrive = :asked AND (attribute_not_exists(#report_digest) OR {same})"


def _appended(person: PersonalDecision, after: int) -> dict[str, Any]:
    return {
        ":none": [],
        ":person": [dict(person)],
        ":after": after,
        ":asked": person["redrive"],
        ":shown": person["report_digest"],
    }


def _listing(record: Mapping[str, Any]) -> dict[str, str]:
    return {
        "month_pk": PENDING_APPROVALS,
        "month_sk": f"{record['expires_at_epoch']:012d}#{record['release_id']}",
    }
