"""Ends trials whose execution died: the event that tells of it may be lost, so a sweep looks for them too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.contracts.ledger import OPEN_TRIALS
from slipway.domain.failures import understand
from slipway.domain.telling import told_of
from slipway.domain.trials.trial import superseded_by, trial_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import TrialRecord, TrialStatus
    from slipway.domain.execution import Execution
    from slipway.usecases.end_trial import TrialEnding
    from slipway.usecases.ports import Clock, Executions, Ledger

MOST_REASON: Final = 1000
"""Characters."""


@dataclass(frozen=True, slots=True)
class TrialBurial:
    """What it works with."""

    ledger: Ledger
    executions: Executions
    ending: TrialEnding
    resource_prefix: str
    clock: Clock

    def bury_execution(self, execution_arn: str) -> bool:
        """
        End the trial of an execution that was stopped or failed; tell of one that died before its trial.

        Returns:
            Whether a trial ended by this.
        """
        execution = self.executions.describe(execution_arn)
        request: Mapping[str, Any] = execution.document.get("request", {}) if execution is not None else {}
        if execution is None or not request or not execution.ended or execution.status == "SUCCEEDED":
            return False
        subject = request["project"], request["model"], trial_id_of(execution_arn)
        if self.ledger.trial(*subject) is not None:
            return self.ending.bury_trial(*subject, *_end_of(execution))
        if request["cause"] != "approval":  # else its release fails, and tells of it
            self.ending.tell_of_no_trial(request, subject[2], _end_of(execution)[1])
        return False

    def supersede_by(self, execution_arn: str) -> bool:
        """
        End the trial whose challenger a promotion took away.

        Returns:
            Whether a trial ended by this.
        """
        execution = self.executions.describe(execution_arn)
        promotion: Mapping[str, Any] = execution.output.get("promotion", {}) if execution is not None else {}
        if execution is None or not promotion.get("superseded_trial"):
            return False
        request = execution.document["request"]
        reason = superseded_by({**request, "action": promotion["action"]})
        return self.ending.supersede_trial(
            request["project"], request["model"], promotion["superseded_trial"], reason
        )

    def sweep_trials(self) -> list[str]:
        """End what has ended, and tell what was not told; returns ``trial id: status`` of each."""
        return [
            f"{record['trial_id']}: {status}"
            for record in self.ledger.untold_trials()
            if (status := self._made_good(record))
        ]

    def _made_good(self, record: TrialRecord) -> str:
        """What became of a trial by this; empty: nothing had to."""
        subject = record["project"], record["model"], record["trial_id"]
        if record["status"] not in OPEN_TRIALS:
            if told_of(record, record.get("ended_at", ""), self.clock()) == "not told":
                self.ending.end_trial(*subject, record["status"], record.get("reason", ""))
                return record["status"]
            return ""
        execution = self.executions.describe(record["execution_arn"])
        if execution is None:
            self.ending.bury_trial(*subject, "failed", "Step Functions knows its execution no more")
        elif execution.ended:
            self.ending.bury_trial(*subject, *_end_of(execution))
        elif record["status"] == "proposed" and (reason := self._who_superseded(record)):
            self.ending.supersede_trial(*subject, reason)
        else:
            return ""
        ended = self.ledger.trial(*subject)
        return ended["status"] if ended is not None else ""

    def _who_superseded(self, record: TrialRecord) -> str:
        """Of one that stood there, and does not now; a running one learns of it by its next look."""
        state = self.ledger.endpoint_state(
            names.endpoint(self.resource_prefix, record["project"], record["model"])
        )
        if state is None or state.get("trial_id") == record["trial_id"]:
            return ""
        if record["trial_id"] in state["execution_arn"]:
            return ""  # its own promotion, named after it: its execution records that in a moment
        return superseded_by(state)


def _end_of(execution: Execution) -> tuple[TrialStatus, str]:
    cause = understand(execution.cause)
    error = cause.error or execution.error
    reason = ": ".join(part for part in (error, cause.text) if part)
    status: TrialStatus = "stopped" if execution.status == "ABORTED" else "failed"
    return status, (reason or "its execution was stopped")[:MOST_REASON]
