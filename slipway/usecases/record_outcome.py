"""Write an ended execution into the ledger, and tell of a failure once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.contracts import names
from slipway.contracts.events import RELEASE_FAILED
from slipway.domain.approval import closed_at
from slipway.domain.failures import failure_of, understand
from slipway.domain.history import failed_step
from slipway.domain.outcomes import Outcome, outcome_of
from slipway.domain.telling import told_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from slipway.contracts.ledger import Failure, PromotionRecord
    from slipway.domain.execution import Execution
    from slipway.usecases.ports import Clock, EventBus, Executions, Ledger, Steps


@dataclass(frozen=True, slots=True)
class OutcomeRecording:
    """
    Records how executions of both machines ended.

    What the event says is not used but for the execution's ARN: events come late, twice and out of
    order, and leave out large documents.
    """

    executions: Executions
    ledger: Ledger
    steps: Steps
    events: EventBus
    clock: Clock
    promote_machine_arn: str
    resource_prefix: str

    def record_outcome(self, execution_arn: str) -> str:
        """The status that was recorded; empty when there was nothing to record (any more)."""
        execution = self.executions.describe(execution_arn)
        if execution is None:
            return ""
        if execution.machine_arn == self.promote_machine_arn:
            return self._promotion(execution) if execution.ended else ""
        return self._release(execution)

    def _release(self, execution: Execution) -> str:
        plan = execution.document.get("plan", {})
        release_id = str(plan.get("release_id", execution.name))
        if not execution.ended:
            # somebody retries a failed release
            reopened = execution.redriven_at and self.ledger.reopen_release(
                release_id, started_at=execution.redriven_at
            )
            return "running" if reopened else ""
        end, failure = self._ending(execution, release_id, plan.get("endpoint_name", ""))
        recorded = self.ledger.end_release(
            release_id,
            status=end.status,
            ended_at=execution.ended_at,
            reason=end.reason,
            failure=failure,
            metrics=end.metrics,
        )
        if plan and end.approval != "approved":
            # its number may be used again
            self.ledger.set_version_approval(
                plan["project"],
                plan["model"],
                plan["version"],
                release_id=release_id,
                approval=end.approval,
                approver="",
                at=execution.ended_at,
            )
        if end.status in ("failed", "stopped"):
            # a link that was mailed must not approve what nobody promotes any more; a retry asks anew
            self.ledger.close_approval(release_id, closed_at(execution.ended_at))
            self._give_back_steps(release_id)
        if failure is not None and (recorded or self._not_told(release_id, execution.ended_at)):
            self._tell(plan, release_id, failure, execution.arn)
            self.ledger.note_told(release_id, execution.ended_at)
        return end.status if recorded else ""

    def _give_back_steps(self, release_id: str) -> None:
        """Identical releases that wait for its steps run them themselves."""
        record = self.ledger.release(release_id)
        for lookup in (record.get("lookups", {}) if record is not None else {}).values():
            if lookup["result"] == "miss":
                self.steps.release_step(lookup["key"], release_id)

    def _not_told(self, release_id: str, ended_at: str) -> bool:
        """An earlier try recorded this very end, but could not tell of it."""
        record = self.ledger.release(release_id)
        return (
            record is not None
            and record.get("ended_at") == ended_at
            and told_of(record, ended_at, self.clock()) == "not told"
        )

    def _ending(self, execution: Execution, release_id: str, endpoint: str) -> tuple[Outcome, Failure | None]:
        if execution.status == "SUCCEEDED":
            return outcome_of(execution.output), None
        if execution.status == "ABORTED":
            return Outcome("stopped", execution.cause or "somebody stopped it", "abandoned", {}), None
        failure = self._failure(execution, release_id, endpoint)
        return Outcome("failed", f"{failure['step']}: {failure['error']}", "abandoned", {}), failure

    def _promotion(self, execution: Execution) -> str:
        request = execution.document.get("request", {})
        if not request:
            return ""
        endpoint = names.endpoint(self.resource_prefix, request["project"], request["model"])
        self._give_back_lease(endpoint, execution.arn)
        if request.get("cause") == "approval":
            return ""  # a part of its release, whose own execution ends as well and tells of it
        status: Literal["deployed", "failed", "stopped"] = "deployed"
        failure = None
        if execution.status == "ABORTED":
            status = "stopped"
        elif execution.status != "SUCCEEDED":
            status, failure = "failed", self._failure(execution, request["release_id"], endpoint)
        record: PromotionRecord = {
            "project": request["project"],
            "model": request["model"],
            "version": request["version"],
            "release_id": request["release_id"],
            "cause": request["cause"],
            "actor": request["actor"],
            "status": status,
            "execution_arn": execution.arn,
            "ended_at": execution.ended_at,
        }
        if failure is not None:
            record["failure"] = failure
        recorded = self.ledger.put_promotion(record)
        if failure is not None and (recorded or self._promotion_not_told(record)):
            self._tell(request, request["release_id"], failure, execution.arn)
            self.ledger.note_promotion_told(record)
        return status if recorded else ""

    def _give_back_lease(self, endpoint: str, owner: str) -> None:
        """
        One that was stopped or took too long could not give it back: the next promotion would wait.

        The fence is read before we look again whether the owner has ended: should somebody retry it now, it
        takes the lease with another one.
        """
        lease = self.ledger.lease(endpoint)
        if lease is None or lease["owner"] != owner:
            return
        execution = self.executions.describe(owner)
        if execution is None or execution.ended:
            self.ledger.end_lease(endpoint, owner, fence=lease["fence"])

    def _promotion_not_told(self, record: PromotionRecord) -> bool:
        held = self.ledger.promotion(record["project"], record["model"], record["execution_arn"])
        return (
            held is not None
            and held["ended_at"] == record["ended_at"]
            and told_of(held, held["ended_at"], self.clock()) == "not told"
        )

    def _failure(self, execution: Execution, release_id: str, endpoint: str) -> Failure:
        if execution.status == "TIMED_OUT":
            error, cause = (
                execution.error or "States.Timeout",
                execution.cause or "it took longer than it may",
            )
        else:
            error, cause = execution.error, execution.cause
        failed = failed_step(self.executions.history(execution.arn), error, cause)
        arn = execution.arn
        inner = understand(failed.cause).execution_arn
        if inner:
            # a step that ran another machine only repeats what failed in there
            nested = self.executions.describe(inner)
            if nested is not None:
                arn = inner
                failed = failed_step(self.executions.history(inner), nested.error, nested.cause)
        return failure_of(failed, execution_arn=arn, release_id=release_id, endpoint=endpoint)

    def _tell(
        self, subject: Mapping[str, Any], release_id: str, failure: Failure, execution_arn: str
    ) -> None:
        self.events.emit(
            RELEASE_FAILED,
            {
                "release_id": release_id,
                "project": subject.get("project", ""),
                "model": subject.get("model", ""),
                "version": subject.get("version", ""),
                **failure,
                "execution_arn": execution_arn,
            },
        )
