"""Looks at a trial: reads what is new, concludes, and says what the trial machine does next."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.ledger import OPEN_TRIALS
from slipway.contracts.names import VARIANT, endpoint, variant_of
from slipway.domain.timestamps import moment_of, timestamp
from slipway.domain.trials.conclusion import Conclusion, of_shadow, of_test
from slipway.domain.trials.join import CHALLENGER, labelled
from slipway.domain.trials.pace import is_spent, pause_seconds
from slipway.domain.trials.report import trial_report
from slipway.domain.trials.shares import part_of, weights_of
from slipway.domain.trials.trial import TrialUnknownError, superseded_by

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from slipway.contracts.ledger import EndpointState, TrialRecord, TrialStatus, VersionRecord
    from slipway.contracts.trial import TrialLook, TrialState, VariantLoad
    from slipway.domain.rows_evidence import RowsEvidence
    from slipway.usecases.ports import Clock, KeptFiles, Ledger, VariantLoads
    from slipway.usecases.read_trial import TrialReading

PATIENCE: Final = timedelta(minutes=5)
"""Half of the time that the function has: as long, one look follows the other while there is more to read."""
SETTLE_POLLS: Final = 5
"""Captures of a request are there after so many polls of the platform: five minutes on AWS."""
_OF_FILES: Final = ("slices", "stratify_by", "block_by", "weight")
"""Keys of ``[evaluation]`` that name columns which requests do not have."""
LEAST_LABELLED: Final = 30
"""Requests with a known outcome, before both sides are judged by it."""


@dataclass(frozen=True, slots=True)
class TrialJudge:
    """What it works with."""

    ledger: Ledger
    reading: TrialReading
    loads: VariantLoads
    files: KeptFiles
    """The artifact bucket."""
    bucket: str
    clock: Clock
    environment: str
    resource_prefix: str
    poll_seconds: int

    def judge_trial(self, project: str, model: str, trial_id: str) -> TrialLook:
        """
        Look, and look again while there is more to read and time for it; each look is kept by itself.

        Raises:
            TrialUnknownError: The ledger holds no such trial.
        """
        called = self.clock()
        found = self._look(project, model, trial_id, call=1)
        while found["next"] == "again" and self.clock() - called < PATIENCE:
            found = self._look(project, model, trial_id, call=0)
        return found

    def _look(self, project: str, model: str, trial_id: str, *, call: int) -> TrialLook:
        """One look; ``call``: 1 if it is the first that the machine's call makes, else 0."""
        record = self.ledger.trial(project, model, trial_id)
        if record is None:
            raise TrialUnknownError(project, model, trial_id)
        name = endpoint(self.resource_prefix, project, model)
        stands = self.ledger.endpoint_state(name)
        if record["status"] != "running" or stands is None or stands.get("trial_id") != trial_id:
            return _gone(record, stands)
        now = self.clock()
        begun_at = record["state"].get("begun_at") or stands["changed_at"]
        ends_by = moment_of(begun_at) + timedelta(hours=float(record["settings"]["hours"]))
        version = self.ledger.version(project, model, record["challenger"])
        evaluation: dict[str, Any] = version["manifest"]["evaluation"] if version is not None else {}
        reading = self.reading.read(
            record, endpoint=name, begun_at=begun_at, now=now, threshold=_threshold(evaluation)
        )
        settled = f"{now - timedelta(seconds=SETTLE_POLLS * self.poll_seconds):%Y-%m-%dT%H:%M}"
        # one side's files are read before the other's: halves of minutes tell nothing of how requests fall
        tally = reading.tally if reading.behind else reading.tally.settle(settled)
        loads = {
            side: self.loads.load(name, variant, since=moment_of(begun_at), until=now)
            for side, variant in (("champion", VARIANT), ("challenger", variant_of(record["challenger"])))
        }
        calls = record["state"].get("calls", record["looks"]) + call
        if is_spent(calls):
            over = f"{calls:,} looks could not read all that came in" if reading.behind else "no look is left"
        else:
            over = _over(record, tally.requests[CHALLENGER], tally.outcomes[CHALLENGER].count, now, ends_by)
        part = part_of(stands["layout"], record["challenger"])
        parts = [*record["state"].get("parts", ()), part]
        state: TrialState = {
            "looks": record["looks"] + 1,
            "calls": calls,
            "begun_at": begun_at,
            "looked_at": timestamp(now),
            "cursors": reading.cursors,
            "shards": reading.shards,
            "tally": tally.record(),
            "word": None,
            "reason": "",
            "effect": None,
            "remaining": None,
            "weights": weights_of(stands["layout"]),
            "parts": [min(parts), max(parts)],
            "loads": loads,
            "report_uri": "",
        }
        read: TrialRecord = {**record, "state": dict(state)}
        found, rows = Conclusion(None, "more came in than one look reads"), None
        if not reading.behind or is_spent(calls):
            found, rows = self._conclude(read, tally, loads, evaluation, over)
        state["word"], state["reason"], state["remaining"] = found.word, found.reason, found.remaining
        state["effect"] = found.effect.record() if found.effect is not None else None
        if found.word is not None:
            state["report_uri"] = self._report({**record, "state": dict(state)}, version, rows, now)
        kept = self.ledger.note_look(
            project, model, trial_id, state=dict(state), ends_by=timestamp(ends_by), after=record["looks"]
        )
        if kept:
            self.files.remove(reading.leftovers)
        elif self._is_ended(project, model, trial_id):
            return _gone(record, stands)
        pause = pause_seconds(
            age=(now - moment_of(begun_at)).total_seconds(),
            left=(ends_by - now).total_seconds(),
            calls=calls,
            poll=self.poll_seconds,
        )
        return _next(found, pause, behind=reading.behind, kept=kept)

    def _is_ended(self, project: str, model: str, trial_id: str) -> bool:
        record = self.ledger.trial(project, model, trial_id)
        return record is None or record["status"] != "running"

    def _conclude(
        self,
        record: TrialRecord,
        tally: Any,
        loads: Mapping[str, VariantLoad],
        evaluation: Mapping[str, Any],
        over: str,
    ) -> tuple[Conclusion, RowsEvidence | None]:
        if record["kind"] == "ab":
            low, high = record["state"]["parts"]
            return of_test(tally, record["settings"], shares=(low, high), over=over), None
        rows = self._rows(record, evaluation) if over and "task" in evaluation else None
        judged = rows.conclusion if rows is not None and not rows.problem else None
        verdict, said = (judged.kind, judged.in_words()) if judged is not None else ("", "")
        return of_shadow(tally, loads, over=over, verdict=verdict, said=said), rows

    def _rows(self, record: TrialRecord, evaluation: Mapping[str, Any]) -> RowsEvidence | None:
        """What the engine that judges releases says of mirrored requests whose outcome is known."""
        rows = [row for entries in self.reading.entries(record) for row in labelled(entries)]
        if len(rows) < LEAST_LABELLED:
            return None
        # numpy takes a tenth of a second to load, and few looks need it
        from slipway.domain.judging.release_rows import evidence_of_rows  # noqa: PLC0415 - see above

        asked = {key: value for key, value in evaluation.items() if key not in _OF_FILES}
        champion, challenger = (_predictions(rows, side, evaluation["task"]) for side in (1, 2))
        return evidence_of_rows(asked, (), challenger, champion)

    def _report(
        self, record: TrialRecord, version: VersionRecord | None, rows: RowsEvidence | None, now: datetime
    ) -> str:
        report = trial_report(record, version, rows, environment=self.environment, judged_at=timestamp(now))
        key = f"trials/{record['project']}/{record['model']}/{record['trial_id']}/report.json"
        self.files.write(key, json.dumps(report, indent=1, sort_keys=True, allow_nan=False))
        return f"s3://{self.bucket}/{key}"


def _next(found: Conclusion, pause: float, *, behind: bool, kept: bool) -> TrialLook:
    if found.word is not None and kept:
        status: TrialStatus = "failed" if found.word == "mismatched" else "rejected"
        return {
            "next": "propose" if found.proposes else "remove",
            "wait_seconds": 0,
            "word": found.word,
            "reason": found.reason,
            "status": status,
        }
    return {
        "next": "again" if behind else "wait",
        "wait_seconds": round(pause),
        "word": None,
        "reason": found.reason,
        "status": "",
    }


def _gone(record: TrialRecord, stands: EndpointState | None) -> TrialLook:
    """It was stopped, or another promotion ended it; what was stopped half-way is taken away now."""
    said = superseded_by(stands) if stands is not None else "the endpoint is gone"
    stays = (
        stands is not None
        and stands["status"] == "in-service"
        and stands.get("trial_id") == record["trial_id"]
    )
    is_open = record["status"] in OPEN_TRIALS
    return {
        "next": "remove" if stays else "gone",
        "wait_seconds": 0,
        "word": None,
        "reason": said if is_open else record.get("reason", ""),
        "status": "superseded" if is_open else record["status"],
    }


def _over(record: TrialRecord, requests: int, outcomes: int, now: datetime, ends_by: datetime) -> str:
    settings = record["settings"]
    most = settings.get("requests")
    counted = outcomes if record["kind"] == "ab" else requests
    what = (
        "requests to the challenger have an outcome" if record["kind"] == "ab" else "requests were mirrored"
    )
    if most and counted >= most:
        return f"{counted:,} {what}"
    return f"{float(settings['hours']):g} hours are over" if now >= ends_by else ""


def _threshold(evaluation: Mapping[str, Any]) -> float | None:
    """From which score on a binary classifier means 1; None: answers are values, or classes by name."""
    return float(evaluation.get("threshold", 0.5)) if evaluation.get("task") == "binary" else None


def _predictions(rows: list[tuple[str, Any, Any, Any]], side: int, task: str) -> bytes:
    """``predictions.csv`` of one side."""
    import csv  # noqa: PLC0415 - as above

    answer = "score" if task == "binary" else "prediction"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["row_id", "label", answer])
    writer.writerows([row[0], _cell(row[3]), _cell(row[side])] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
