"""Registered versions, aliases and promotions in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from slipway.contracts.ledger import (
    MODELS,
    alias_history_key,
    alias_key,
    model_name_key,
    model_partition,
    promotion_key,
    version_key,
)

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import AliasRecord, PromotionRecord, VersionApproval, VersionRecord


class DynamoDbVersions:
    """Port ``Versions``."""

    _table: DynamoDbTable

    def put_version(self, record: VersionRecord) -> VersionRecord | None:
        key = version_key(record["project"], record["model"], record["version"])
        self._table.put(
            {
                "project": record["project"],
                "model": record["model"],
                **model_name_key(record["project"], record["model"]),
            }
        )
        written = self._table.put(
            {**record, **key},
            condition="attribute_not_exists(#pk) OR #release_id = :release "
            "OR #approval IN (:no, :late, :never)",
            values={
                ":release": record["release_id"],
                ":no": "rejected",
                ":late": "expired",
                ":never": "abandoned",
            },
        )
        return None if written else self.version(record["project"], record["model"], record["version"])

    def version(self, project: str, model: str, version: str) -> VersionRecord | None:
        return cast("VersionRecord | None", self._table.get(version_key(project, model, version)))

    def versions(self, project: str, model: str) -> list[VersionRecord]:
        return cast(
            "list[VersionRecord]", list(self._table.query(model_partition(project, model), "VERSION#"))
        )

    def projects_of(self, model: str) -> list[str]:
        return [str(found["project"]) for found in self._table.query(MODELS, f"{model}#")]

    def set_version_approval(
        self,
        project: str,
        model: str,
        version: str,
        *,
        release_id: str,
        approval: VersionApproval,
        approver: str,
        at: str,
    ) -> bool:
        return self._table.update(
            version_key(project, model, version),
            "SET #approval = :approval, #approver = :approver, #decided_at = :at",
            # a release that failed while it waited, and was retried, is decided after all
            condition="#release_id = :release AND #approval IN (:pending, :abandoned)",
            values={
                ":approval": approval,
                ":approver": approver,
                ":at": at,
                ":release": release_id,
                ":pending": "pending",
                ":abandoned": "abandoned",
            },
        )

    def withdraw_version_approval(
        self, project: str, model: str, version: str, *, release_id: str, at: str
    ) -> bool:
        return self._table.update(
            version_key(project, model, version),
            "SET #approval = :abandoned, #decided_at = :at",
            condition="#release_id = :release AND #approval = :approved",
            values={":abandoned": "abandoned", ":approved": "approved", ":release": release_id, ":at": at},
        )

    def alias(self, project: str, model: str, alias: str) -> AliasRecord | None:
        return cast("AliasRecord | None", self._table.get(alias_key(project, model, alias)))

    def move_alias(self, record: AliasRecord) -> bool:
        project, model, alias = record["project"], record["model"], record["alias"]
        first = record["revision"] == 1
        condition = "attribute_not_exists(#pk)" if first else "#revision = :previous"
        values = {} if first else {":previous": record["revision"] - 1}
        history = alias_history_key(project, model, alias, record["moved_at"])
        return self._table.transact_put(
            [
                ({**record, **alias_key(project, model, alias)}, condition, values),
                ({**record, **history}, "attribute_not_exists(#pk)", {}),
            ]
        )

    def alias_history(self, project: str, model: str, alias: str) -> list[AliasRecord]:
        moves = self._table.query(model_partition(project, model), f"ALIAS#{alias}#", newest_first=True)
        return cast("list[AliasRecord]", list(moves))

    def put_promotion(self, record: PromotionRecord) -> bool:
        return self._table.put(
            {**record, **_key_of(record["project"], record["model"], record["execution_arn"])},
            condition="attribute_not_exists(#pk) OR #ended_at < :ended_at",
            values={":ended_at": record["ended_at"]},
        )

    def promotion(self, project: str, model: str, execution_arn: str) -> PromotionRecord | None:
        return cast("PromotionRecord | None", self._table.get(_key_of(project, model, execution_arn)))

    def note_promotion_told(self, record: PromotionRecord) -> None:
        self._table.update(
            _key_of(record["project"], record["model"], record["execution_arn"]),
            "SET #told_at = :ended_at",
            condition="#ended_at = :ended_at",
            values={":ended_at": record["ended_at"]},
        )

    def promotions(self, project: str, model: str) -> list[PromotionRecord]:
        found = cast(
            "list[PromotionRecord]", list(self._table.query(model_partition(project, model), "PROMOTION#"))
        )
        return sorted(found, key=lambda record: record["ended_at"], reverse=True)


def _key_of(project: str, model: str, execution_arn: str) -> dict[str, str]:
    return promotion_key(project, model, execution_arn.rsplit(":", 1)[-1])
