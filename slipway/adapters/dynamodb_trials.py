"""Trials of challengers beside champions, in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from slipway.contracts.ledger import OPEN_TRIALS
from slipway.contracts.ledger_keys import (
    BY_MONTH,
    UNTOLD_TRIALS,
    model_partition,
    trial_key,
    trial_prefix,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import TrialRecord, TrialStatus

_OPEN = {f":open{place}": status for place, status in enumerate(OPEN_TRIALS)}
_IS_OPEN = f"#status IN ( {' , '.join(_OPEN)} )"


class DynamoDbTrials:
    """Port ``Trials``."""

    _table: DynamoDbTable

    def begin_trial(self, record: TrialRecord) -> bool:
        subject = record["project"], record["model"], record["trial_id"]
        listing = {"month_pk": UNTOLD_TRIALS, "month_sk": "/".join(subject)}
        return self._table.put(
            {**record, **trial_key(*subject), **listing}, condition="attribute_not_exists(#pk)"
        )

    def trial(self, project: str, model: str, trial_id: str) -> TrialRecord | None:
        return cast("TrialRecord | None", self._table.get(trial_key(project, model, trial_id)))

    def trials(self, project: str, model: str) -> list[TrialRecord]:
        found = self._table.query(model_partition(project, model), trial_prefix())
        records = cast("list[TrialRecord]", list(found))
        return sorted(records, key=lambda record: record["started_at"], reverse=True)

    def note_look(
        self, project: str, model: str, trial_id: str, *, state: Mapping[str, Any], ends_by: str, after: int
    ) -> bool:
        return self._table.update(
            trial_key(project, model, trial_id),
            "SET #state = :state, #looks = :looks, #ends_by = :ends_by",
            condition=f"#looks = :after AND {_IS_OPEN}",
            values={
                ":state": dict(state),
                ":looks": after + 1,
                ":after": after,
                ":ends_by": ends_by,
                **_OPEN,
            },
        )

    def set_trial_status(
        self, project: str, model: str, trial_id: str, status: TrialStatus, *, reason: str, at: str
    ) -> bool:
        ends = status not in OPEN_TRIALS
        return self._table.update(
            trial_key(project, model, trial_id),
            "SET #status = :status, #reason = :reason" + (", #ended_at = :at" if ends else ""),
            condition=_IS_OPEN,
            values={":status": status, ":reason": reason, **({":at": at} if ends else {}), **_OPEN},
        )

    def note_trial_told(self, project: str, model: str, trial_id: str, at: str) -> None:
        # without its index key the item leaves the list of untold ones
        self._table.update(
            trial_key(project, model, trial_id),
            "SET #told_at = :at REMOVE #month_pk, #month_sk",
            condition="attribute_exists(#pk)",
            values={":at": at},
        )

    def untold_trials(self) -> list[TrialRecord]:
        listed = self._table.rows(UNTOLD_TRIALS, index=BY_MONTH, attributes=("month_sk",))
        # the index may lag: the items themselves are read
        found = [self.trial(*row["month_sk"]["S"].split("/")) for row in listed]
        return [record for record in found if record is not None and "told_at" not in record]
