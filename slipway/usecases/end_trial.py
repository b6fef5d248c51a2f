"""Ends trials: by themselves, by hand, or because their execution died."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from slipway.contracts.events import TRIAL_ENDED
from slipway.contracts.ledger import OPEN_TRIALS
from slipway.domain.approval import closed_at
from slipway.domain.timestamps import timestamp
from slipway.domain.trials.trial import TrialUnknownError

if TYPE_CHECKING:
    from slipway.contracts.ledger import TrialRecord, TrialStatus
    from slipway.contracts.promotion import PromotionRequest
    from slipway.usecases.ports import Clock, EventBus, Executions, Ledger, TaskTokens


class StopWish(TypedDict):
    """What somebody who stops a trial sends."""

    project: str
    model: str
    trial_id: str
    actor: str
    reason: str


class StopAnswer(TypedDict):
    """``refused`` with a reason, or ``stopped`` with the promotion that takes the challenger away."""

    outcome: Literal["stopped", "refused"]
    reason: str
    execution_arn: str


@dataclass(frozen=True, slots=True)
class TrialEnding:
    """What it works with."""

    ledger: Ledger
    events: EventBus
    executions: Executions
    tokens: TaskTokens
    promote_machine_arn: str
    environment: str
    clock: Clock

    def end_trial(self, project: str, model: str, trial_id: str, status: TrialStatus, reason: str) -> bool:
        """
        Record how a trial ended, and tell of it once; False: it has ended already.

        Raises:
            TrialUnknownError: The ledger holds no such trial.
        """
        at = timestamp(self.clock())
        if not self.ledger.set_trial_status(project, model, trial_id, status, reason=reason, at=at):
            return False
        record = self._known(project, model, trial_id)
        self.events.emit(
            TRIAL_ENDED,
            {
                "environment": self.environment,
                "release_id": record["release_id"],
                "project": project,
                "model": model,
                "version": record["challenger"],
                "trial_id": trial_id,
                "kind": record["kind"],
                "champion": record["champion"],
                "status": status,
                "reason": reason,
                "word": record["state"].get("word") or "",
            },
        )
        return True

    def stop_trial(self, wish: StopWish) -> StopAnswer:
        """
        End a trial by hand: what was proposed can't be approved any more, and the challenger leaves.

        The trial's own execution ends at its next look, within minutes.
        """
        project, model, trial_id = wish["project"], wish["model"], wish["trial_id"]
        record = self.ledger.trial(project, model, trial_id)
        if record is None or record["status"] not in OPEN_TRIALS:
            status = record["status"] if record is not None else "unknown"
            return {"outcome": "refused", "reason": f"trial {trial_id} is {status}", "execution_arn": ""}
        said = f"{wish['actor']}: {wish['reason']}"
        if not self.end_trial(project, model, trial_id, "stopped", said):
            return {"outcome": "refused", "reason": "it has just ended by itself", "execution_arn": ""}
        self._close(record, said)
        return {
            "outcome": "stopped",
            "reason": "",
            "execution_arn": self._remove(record, wish["actor"], wish["reason"]),
        }

    def bury_trial(self, project: str, model: str, trial_id: str, status: TrialStatus, reason: str) -> bool:
        """Its execution was stopped or failed: the challenger must not stand there for ever."""
        record = self.ledger.trial(project, model, trial_id)
        if record is None or not self.end_trial(project, model, trial_id, status, reason):
            return False
        self._close(record, reason)
        self._remove(record, "the platform", reason)
        return True

    def _close(self, record: TrialRecord, reason: str) -> None:
        """A link that was mailed decides nothing any more; the execution that waits for it goes on."""
        if record["status"] != "proposed":
            return
        token = self.ledger.approval_token(record["trial_id"])
        if self.ledger.close_approval(record["trial_id"], closed_at(timestamp(self.clock()))) and token:
            self.tokens.succeed(
                token,
                {
                    "decision": "expired",
                    "approver": "",
                    "reason": reason,
                    "decided_at": timestamp(self.clock()),
                },
            )

    def _remove(self, record: TrialRecord, actor: str, reason: str) -> str:
        request: PromotionRequest = {
            "project": record["project"],
            "model": record["model"],
            "version": record["challenger"],
            "release_id": record["release_id"],
            "cause": "promote",
            "actor": actor,
            "reason": reason,
            "action": "remove",
            "trial_id": record["trial_id"],
        }
        name = f"end-{record['trial_id']}-{record['looks']}"
        document = json.dumps({"request": request})
        return self.executions.start(self.promote_machine_arn, name, document).arn

    def _known(self, project: str, model: str, trial_id: str) -> TrialRecord:
        record = self.ledger.trial(project, model, trial_id)
        if record is None:
            raise TrialUnknownError(project, model, trial_id)
        return record
