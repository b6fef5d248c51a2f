"""Releases and answered pushes in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from slipway.contracts.ledger import LISTED, OPEN_STATUSES
from slipway.contracts.ledger_keys import (
    BY_MODEL,
    BY_MONTH,
    model_partition,
    push_key,
    push_partition,
    release_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import Failure, PushRecord, ReleaseRecord, ReleaseStatus
    from slipway.contracts.steps import StepLookup


_OPEN: Final = {f":open{place}": status for place, status in enumerate(OPEN_STATUSES)}


class DynamoDbReleases:
    """Port ``Releases``."""

    _table: DynamoDbTable

    def claim_release(self, record: ReleaseRecord) -> ReleaseRecord | None:
        item = {
            **record,
            **release_key(record["release_id"]),
            "model_pk": model_partition(record["project"], record["model"]),
            "model_sk": f"RELEASE#{record['planned_at']}#{record['release_id']}",
            "month_pk": f"RELEASES#{record['planned_at'][:7]}",
            "month_sk": f"{record['planned_at']}#{record['release_id']}",
        }
        if self._table.put(item, condition="attribute_not_exists(#pk)"):
            return None
        return self.release(record["release_id"])

    def mark_started(self, release_id: str, execution_arn: str) -> bool:
        return self._table.update(
            release_key(release_id),
            "SET #execution_arn = :arn",
            condition="attribute_exists(#pk) AND attribute_not_exists(#execution_arn)",
            values={":arn": execution_arn},
        )

    def set_release_status(self, release_id: str, status: ReleaseStatus) -> bool:
        return self._table.update(
            release_key(release_id),
            "SET #status = :status",
            condition=f"#status IN ({', '.join(_OPEN)})",
            values={":status": status, **_OPEN},
        )

    def end_release(
        self,
        release_id: str,
        *,
        status: ReleaseStatus,
        ended_at: str,
        reason: str,
        failure: Failure | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> bool:
        change = "SET #status = :status, #ended_at = :ended_at, #reason = :reason"
        values: dict[str, Any] = {":status": status, ":ended_at": ended_at, ":reason": reason}
        gone = []
        for name, value in (("failure", failure), ("metrics", dict(metrics or {}))):
            if value:
                change += f", #{name} = :{name}"
                values[f":{name}"] = value
            else:  # an earlier end may have left it
                gone.append(f"#{name}")
        return self._table.update(
            release_key(release_id),
            f"{change} REMOVE {', '.join(gone)}" if gone else change,
            # a redriven execution ends again, later than before
            condition="attribute_exists(#pk) AND (attribute_not_exists(#ended_at) OR #ended_at < :ended_at)",
            values=values,
        )

    def reopen_release(self, release_id: str, *, started_at: str) -> bool:
        # events come out of order: a late "running" must not open what ended after it
        return self._table.update(
            release_key(release_id),
            "SET #status = :running",
            condition="#status IN (:failed, :stopped) AND #ended_at < :started_at",
            values={
                ":running": "running",
                ":failed": "failed",
                ":stopped": "stopped",
                ":started_at": started_at,
            },
        )

    def note_told(self, release_id: str, moment: str) -> None:
        self._table.update(
            release_key(release_id),
            "SET #told_at = :moment",
            condition="attribute_exists(#pk) AND (attribute_not_exists(#told_at) OR #told_at < :moment)",
            values={":moment": moment},
        )

    def note_release_artifact_removed(self, release_id: str, at: str) -> bool:
        return self._table.update(
            release_key(release_id),
            "SET #artifact_removed_at = :at",
            condition="attribute_exists(#pk) AND attribute_not_exists(#artifact_removed_at)",
            values={":at": at},
        )

    def note_lookups(self, release_id: str, lookups: Mapping[str, StepLookup]) -> None:
        self._table.update(
            release_key(release_id),
            "SET #lookups = :lookups",
            condition="attribute_exists(#pk)",
            values={":lookups": dict(lookups)},
        )

    def release(self, release_id: str) -> ReleaseRecord | None:
        return cast("ReleaseRecord | None", self._table.get(release_key(release_id)))

    def releases_of_model(self, project: str, model: str, *, limit: int) -> list[ReleaseRecord]:
        found = self._table.query(
            model_partition(project, model),
            "RELEASE#",
            index=BY_MODEL,
            newest_first=True,
            limit=limit,
            attributes=LISTED,
        )
        return cast("list[ReleaseRecord]", list(found))

    def releases_of_month(self, month: str) -> Iterator[ReleaseRecord]:
        found = self._table.query(f"RELEASES#{month}", index=BY_MONTH, newest_first=True, attributes=LISTED)
        return cast("Iterator[ReleaseRecord]", found)

    def claim_push(self, record: PushRecord, *, instead_of: str = "") -> PushRecord | None:
        written = self._table.put(
            {**record, **push_key(record["repository"], record["tag"], record["digest"])},
            condition="attribute_not_exists(#pk) OR (#outcome = :claimed AND #release_id IN (:mine, :other))",
            values={":claimed": "claimed", ":mine": record["release_id"], ":other": instead_of},
        )
        return None if written else self.push(record["repository"], record["tag"], record["digest"])

    def put_push(self, record: PushRecord) -> None:
        self._table.put({**record, **push_key(record["repository"], record["tag"], record["digest"])})

    def push(self, repository: str, tag: str, digest: str) -> PushRecord | None:
        return cast("PushRecord | None", self._table.get(push_key(repository, tag, digest)))

    def pushes(self, repository: str) -> Iterator[PushRecord]:
        found = cast("Iterator[PushRecord]", self._table.query(push_partition(repository)))
        return (record for record in found if record["outcome"] != "claimed")
