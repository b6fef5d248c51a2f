"""
Ends trials: by themselves, by hand, because another promotion took their place, or their execution died.

Whoever has a challenger taken away starts that first, records the end after it, and tells of it last: where
one of these fails, the next who comes upon the trial does what is missing; what is done twice is harmless.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from slipway.contracts import names
from slipway.contracts.events import TRIAL_ENDED
from slipway.contracts.ledger import OPEN_TRIALS
from slipway.domain.approval import closed_at
from slipway.domain.timestamps import timestamp
from slipway.domain.trials.trial import TrialUnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import EndpointState, TrialRecord, TrialStatus
    from slipway.contracts.promotion import PromotionRequest
    from slipway.usecases.ports import Clock, EventBus, Executions, Ledger, TaskTokens

REMOVALS: Final = 10
"""So many may fail before one gives up: each needs a name of its own."""


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
    resource_prefix: str
    clock: Clock

    def end_trial(self, project: str, model: str, trial_id: str, status: TrialStatus, reason: str) -> bool:
        """
        Record how a trial ended, unless it has ended already, and tell of that end, unless that was told.

        Returns:
            Whether it ended by this.

        Raises:
            TrialUnknownError: The ledger holds no such trial.
        """
        subject, at = (project, model, trial_id), timestamp(self.clock())
        ended = self.ledger.set_trial_status(*subject, status, reason=reason, at=at)
        record = self.ledger.trial(*subject)
        if record is None:
            raise TrialUnknownError(*subject)
        if "told_at" not in record:
            self._tell(record)
            self.ledger.note_trial_told(*subject, at)
        return ended

    def stop_trial(self, wish: StopWish) -> StopAnswer:
        """
        End a trial by hand: what was proposed can't be approved any more, and the challenger leaves.

        Of one that has ended, but whose challenger still stands there, the challenger leaves. The trial's own
        execution ends at its next look.
        """
        subject = wish["project"], wish["model"], wish["trial_id"]
        record = self.ledger.trial(*subject)
        if record is None:
            return _refused(f"trial {wish['trial_id']} is unknown")
        if self._is_champion(record):
            return _refused(f"its challenger {record['challenger']} serves as champion; roll back instead")
        is_open = record["status"] in OPEN_TRIALS
        if not is_open and not self._stands(record):
            return _refused(f"trial {wish['trial_id']} is {record['status']}")
        said = f"{wish['actor']}: {wish['reason']}"
        # before the execution that waits for a decision goes on: it takes away what still stands there
        arn = self._remove(record, wish["actor"], wish["reason"])
        self._close(record, "expired", said)
        self.end_trial(*subject, "stopped", said)
        return {"outcome": "stopped", "reason": "", "execution_arn": arn}

    def bury_trial(self, project: str, model: str, trial_id: str, status: TrialStatus, reason: str) -> bool:
        """
        Its execution was stopped or failed: the challenger must not stand there for ever.

        One that came to serve as champion was promoted, whatever became of the execution after that.

        Returns:
            Whether it ended by this.

        Raises:
            TrialUnknownError: The ledger holds no such trial.
        """
        record = self.ledger.trial(project, model, trial_id)
        if record is None:
            raise TrialUnknownError(project, model, trial_id)
        if self._is_champion(record):
            return self.end_trial(project, model, trial_id, "promoted", self._who_promoted(record) or reason)
        self._close(record, "expired", reason)
        if self._must_leave(record):
            self._remove(record, "the platform", reason)
        return self.end_trial(project, model, trial_id, status, reason)

    def supersede_trial(self, project: str, model: str, trial_id: str, reason: str) -> bool:
        """
        Another promotion took the challenger away, or made it champion: what was proposed is void.

        Returns:
            Whether it ended by this.
        """
        record = self.ledger.trial(project, model, trial_id)
        if record is None:
            return False
        self._close(record, "superseded", reason)
        return self.end_trial(project, model, trial_id, "superseded", reason)

    def tell_of_no_trial(self, request: Mapping[str, Any], trial_id: str, reason: str) -> None:
        """An execution died before there was a trial: whoever began it must hear of that."""
        self._tell(
            {
                "trial_id": trial_id,
                "project": request["project"],
                "model": request["model"],
                "kind": request.get("strategy", {}).get("kind", ""),
                "champion": "",
                "challenger": request["version"],
                "release_id": request["release_id"],
                "status": "failed",
                "reason": reason,
                "state": {},
            }
        )

    def _tell(self, record: TrialRecord | dict[str, Any]) -> None:
        self.events.emit(
            TRIAL_ENDED,
            {
                "environment": self.environment,
                "release_id": record["release_id"],
                "project": record["project"],
                "model": record["model"],
                "version": record["challenger"],
                "trial_id": record["trial_id"],
                "kind": record["kind"],
                "champion": record["champion"],
                "status": record["status"],
                "reason": record.get("reason", ""),
                "word": record["state"].get("word") or "",
            },
        )

    def _close(self, record: TrialRecord, decision: Literal["expired", "superseded"], reason: str) -> None:
        """A link that was mailed decides nothing any more; the execution that waits for it goes on."""
        if record["status"] != "proposed":
            return
        at = timestamp(self.clock())
        token = self.ledger.approval_token(record["trial_id"])
        if self.ledger.close_approval(record["trial_id"], closed_at(at)) and token:
            self.tokens.succeed(
                token, {"decision": decision, "approver": "", "reason": reason, "decided_at": at}
            )

    def _remove(self, record: TrialRecord, actor: str, reason: str) -> str:
        """Start the promotion that takes the challenger away; the one that runs or succeeded, if there is."""
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
        name, document = f"end-{record['trial_id']}-{record['looks']}", json.dumps({"request": request})
        for number in range(REMOVALS):
            started = self.executions.start(
                self.promote_machine_arn, f"{name}-{number}" if number else name, document
            )
            if not started.already:
                break
            earlier = self.executions.describe(started.arn)
            if earlier is None or not earlier.ended or earlier.status == "SUCCEEDED":
                break
        return started.arn

    def _is_champion(self, record: TrialRecord) -> bool:
        champion = self.ledger.alias(record["project"], record["model"], names.CHAMPION)
        return champion is not None and champion["version"] == record["challenger"]

    def _must_leave(self, record: TrialRecord) -> bool:
        """Also before the ledger says that it stands there: it may just be put there."""
        state = self._state(record)
        if state is None or record["status"] not in OPEN_TRIALS or "trial_id" in state:
            return state is None or self._stands(record)
        return state["status"] == "in-service"

    def _stands(self, record: TrialRecord) -> bool:
        state = self._state(record)
        return (
            state is not None
            and state["status"] == "in-service"
            and state.get("trial_id") == record["trial_id"]
        )

    def _who_promoted(self, record: TrialRecord) -> str:
        state = self._state(record)
        if state is None or state["version"] != record["challenger"]:
            return ""
        return f"{state['actor']}: {state['reason']}"

    def _state(self, record: TrialRecord) -> EndpointState | None:
        return self.ledger.endpoint_state(
            names.endpoint(self.resource_prefix, record["project"], record["model"])
        )


def _refused(reason: str) -> StopAnswer:
    return {"outcome": "refused", "reason": reason, "execution_arn": ""}
