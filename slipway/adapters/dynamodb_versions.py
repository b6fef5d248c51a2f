"""Registered versions, aliases and promotions in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from slipway.adapters.dynamodb_aliases import alias_checks, alias_puts
from slipway.contracts.ledger import LISTED
from slipway.contracts.ledger_keys import (
    BY_MODEL,
    BY_MONTH,
    MODELS,
    VERSIONS,
    alias_history_key,
    alias_key,
    alias_prefix,
    model_name_key,
    model_partition,
    project_versions,
    promotion_key,
    version_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import AliasRecord, PromotionRecord, VersionApproval, VersionRecord

_LAST: Final = "\U0010ffff"
"""Sorts after every text that a key has."""


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
            {**record, **key, **_index_keys(record)},
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

    def models(self) -> list[tuple[str, str]]:
        return sorted((str(one["project"]), str(one["model"])) for one in self._table.query(MODELS))

    def projects_of(self, model: str) -> list[str]:
        return [str(found["project"]) for found in self._table.query(MODELS, f"{model}#")]

    def listed_versions(
        self, *, project: str = "", model: str = "", since: str = ""
    ) -> Iterator[VersionRecord]:
        if not project:
            partition, first, index = VERSIONS, since, BY_MONTH
        else:
            partition, first, index = project_versions(project), f"{model}#{since}" if model else "", BY_MODEL
        last = f"{model}#{_LAST}" if model else _LAST
        found = self._table.query(
            partition, between=(first or " ", last), index=index, newest_first=True, attributes=LISTED
        )
        # a project's models lie one after the other: only those of one model are cut at a time
        return (
            record for record in cast("Iterator[VersionRecord]", found) if record["registered_at"] >= since
        )

    def versions_until(self, until: str) -> Iterator[VersionRecord]:
        found = self._table.query(VERSIONS, between=(" ", until), index=BY_MONTH, attributes=LISTED)
        return cast("Iterator[VersionRecord]", found)

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
        reason: str = "",
    ) -> bool:
        return self._table.update(
            version_key(project, model, version),
            "SET #approval = :approval, #approver = :approver, #decided_at = :at, #decision_reason = :reason",
            # a release that failed while it waited, and was retried, is decided after all
            condition="#release_id = :release AND #approval IN (:pending, :abandoned)",
            values={
                ":approval": approval,
                ":approver": approver,
                ":at": at,
                ":reason": reason,
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

    def revoke_version_approval(
        self, project: str, model: str, version: str, *, release_id: str, approver: str, at: str, reason: str
    ) -> bool:
        return self._table.update(
            version_key(project, model, version),
            "SET #approval = :rejected, #approver = :approver, #decided_at = :at, #decision_reason = :reason",
            condition="#release_id = :release AND #approval = :approved",
            values={
                ":rejected": "rejected",
                ":approved": "approved",
                ":approver": approver,
                ":at": at,
                ":reason": reason,
                ":release": release_id,
            },
        )

    def set_version_stage(self, project: str, model: str, version: str, *, stage: str) -> bool:
        return self._table.update(
            version_key(project, model, version),
            "SET #stage = :stage",
            condition="attribute_exists(#pk) AND (attribute_not_exists(#stage) OR #stage <> :stage)",
            values={":stage": stage},
        )

    def tag_version(
        self,
        project: str,
        model: str,
        version: str,
        *,
        tags: Mapping[str, str],
        instead_of: Mapping[str, str],
    ) -> bool:
        there = "attribute_exists(#pk) AND " + (
            "#tags = :before" if instead_of else "(attribute_not_exists(#tags) OR #tags = :before)"
        )
        return self._table.update(
            version_key(project, model, version),
            "SET #tags = :tags",
            condition=there,
            values={":tags": dict(tags), ":before": dict(instead_of)},
        )

    def note_artifact_removed(self, record: VersionRecord, at: str) -> bool:
        return self._table.update(
            version_key(record["project"], record["model"], record["version"]),
            "SET #artifact_removed_at = :at",
            condition="#release_id = :release AND attribute_not_exists(#artifact_removed_at)",
            values={":at": at, ":release": record["release_id"]},
        )

    def withdraw_artifact_removal(self, record: VersionRecord, at: str) -> bool:
        return self._table.update(
            version_key(record["project"], record["model"], record["version"]),
            "REMOVE #artifact_removed_at",
            condition="#release_id = :release AND #artifact_removed_at = :at",
            values={":at": at, ":release": record["release_id"]},
        )

    def alias(self, project: str, model: str, alias: str) -> AliasRecord | None:
        tip = self.alias_tip(project, model, alias)
        return None if tip is None or tip.get("removed") else tip

    def alias_tip(self, project: str, model: str, alias: str) -> AliasRecord | None:
        return cast("AliasRecord | None", self._table.get(alias_key(project, model, alias)))

    def aliases(self, project: str, model: str) -> list[AliasRecord]:
        # an alias lies just before its moves: one look behind those of each finds the next
        partition = model_partition(project, model)
        found: list[AliasRecord] = []
        first = alias_prefix()
        while True:
            tips = list(self._table.query(partition, between=(first, _after(alias_prefix())), limit=1))
            if not tips:
                return found
            tip = cast("AliasRecord", tips[0])
            found.append(tip)
            first = _after(alias_prefix(tip["alias"]))

    def alias_at(self, project: str, model: str, alias: str, moment: str) -> AliasRecord | None:
        until = alias_history_key(project, model, alias, moment)["sk"]
        last = self._table.query(
            model_partition(project, model), between=(alias_prefix(alias), until), newest_first=True, limit=1
        )
        return cast("AliasRecord | None", next(last, None))

    def move_alias(self, record: AliasRecord) -> bool:
        return self._table.transact_put(alias_puts(record), checks=alias_checks([record]))

    def alias_history(self, project: str, model: str, alias: str) -> list[AliasRecord]:
        moves = self._table.query(model_partition(project, model), alias_prefix(alias), newest_first=True)
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


def _index_keys(record: VersionRecord) -> dict[str, str]:
    at, subject = record["registered_at"], f"{record['model']}:{record['version']}"
    return {
        "model_pk": project_versions(record["project"]),
        "model_sk": f"{record['model']}#{at}#{record['version']}",
        "month_pk": VERSIONS,
        "month_sk": f"{at}#{record['project']}/{subject}",
    }


def _after(prefix: str) -> str:
    """
    The first text that sorts after all that begin with ``prefix``.

    >>> _after("ALIAS#champion#")
    'ALIAS#champion$'
    """
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
