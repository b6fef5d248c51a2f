"""Trials in memory, and what metrics say of variants."""

from __future__ import annotations

import copy
from typing import Any

from slipway.contracts.ledger import OPEN_TRIALS


class FakeTrials:
    """Port ``Trials``."""

    def __init__(self) -> None:
        super().__init__()
        self.trial_records: dict[tuple[str, str, str], Any] = {}

    def begin_trial(self, record: Any) -> Any:
        key = (record["project"], record["model"], record["trial_id"])
        if key in self.trial_records:
            return False
        self.trial_records[key] = copy.deepcopy(dict(record))
        return True

    def trial(self, project: Any, model: Any, trial_id: Any) -> Any:
        return copy.deepcopy(self.trial_records.get((project, model, trial_id)))

    def trials(self, project: Any, model: Any) -> Any:
        found = [one for key, one in self.trial_records.items() if key[:2] == (project, model)]
        return copy.deepcopy(sorted(found, key=lambda one: one["started_at"], reverse=True))

    def note_look(
        self, project: Any, model: Any, trial_id: Any, *, state: Any, ends_by: Any, after: Any
    ) -> Any:
        record = self.trial_records.get((project, model, trial_id))
        if record is None or record["looks"] != after or record["status"] not in OPEN_TRIALS:
            return False
        record |= {"state": copy.deepcopy(dict(state)), "looks": after + 1, "ends_by": ends_by}
        return True

    def set_trial_status(
        self, project: Any, model: Any, trial_id: Any, status: Any, *, reason: Any, at: Any
    ) -> Any:
        record = self.trial_records.get((project, model, trial_id))
        if record is None or record["status"] not in OPEN_TRIALS:
            return False
        record |= {"status": status, "reason": reason}
        if status not in OPEN_TRIALS:
            record["ended_at"] = at
        return True

    def note_trial_told(self, project: Any, model: Any, trial_id: Any, at: Any) -> Any:
        self.trial_records[project, model, trial_id]["told_at"] = at

    def untold_trials(self) -> Any:
        return copy.deepcopy([one for one in self.trial_records.values() if "told_at" not in one])


class FakeLoads:
    """Port ``VariantLoads``."""

    def __init__(self) -> None:
        self.loads: dict[str, Any] = {}

    def load(self, endpoint: Any, variant: Any, *, since: Any, until: Any) -> Any:
        nothing = {"invocations": 0.0, "errors": 0.0, "latency_p50_ms": None, "latency_p99_ms": None}
        return {**nothing, **self.loads.get(variant, {})}
