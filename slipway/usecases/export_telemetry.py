"""Tell an OpenTelemetry collector of releases and promotions that have ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.domain.telemetry import otlp
from slipway.domain.telemetry.release_metrics import release_points
from slipway.domain.telemetry.release_trace import promotion_trace, release_trace
from slipway.domain.telemetry.step_spans import nested_executions

if TYPE_CHECKING:
    from slipway.contracts.ledger import ReleaseRecord
    from slipway.domain.execution import Execution
    from slipway.domain.telemetry.spans import Trace
    from slipway.usecases.ports import Executions, Releases, TelemetrySink


@dataclass(frozen=True, slots=True)
class TelemetryExport:
    """
    Sends one trace for each release, and one for each promotion by hand, with their metrics.

    Ids and times follow from what happened, so that what is sent twice is the same spans and points.
    """

    executions: Executions
    releases: Releases
    sink: TelemetrySink
    environment: str
    promote_machine_arn: str

    def export_telemetry(self, execution_arn: str) -> str:
        """The trace that was sent; empty: there is none to send (yet), or another execution's tells of it."""
        execution = self.executions.describe(execution_arn)
        if execution is None or not execution.ended:
            return ""
        if execution.machine_arn == self.promote_machine_arn:
            if execution.document.get("request", {}).get("cause", "approval") == "approval":
                return ""  # a part of its release, whose own end is told
            trace = promotion_trace(execution, self.executions.whole_history(execution_arn))
            subject = "promotion"
        else:
            release_id = execution.document.get("plan", {}).get("release_id", execution.name)
            record = self.releases.release(release_id)
            if record is None:
                return ""
            trace, subject = trace_of(record, execution, self.executions), "release"
        region, account = execution_arn.split(":")[3:5]
        of = otlp.resource(environment=self.environment, region=region, account=account)
        self.sink.send_traces(otlp.traces([trace], of))
        self.sink.send_metrics(otlp.metrics(release_points(trace, subject=subject), of))
        return trace.trace_id


def trace_of(record: ReleaseRecord, execution: Execution | None, executions: Executions) -> Trace:
    """The trace of a release, with the histories that it needs."""
    if execution is None:
        return release_trace(record, None, (), {})
    events = executions.whole_history(execution.arn)
    nested = {arn: executions.whole_history(arn) for arn in nested_executions(events).values()}
    return release_trace(_as_ended(record, execution), execution, events, nested)


def _as_ended(record: ReleaseRecord, execution: Execution) -> ReleaseRecord:
    """The record as another function is about to write it, where the execution's end is not recorded yet."""
    from slipway.domain.outcomes import outcome_of  # noqa: PLC0415 - for this case alone

    if not execution.ended or record.get("ended_at"):
        return record
    changed = record.copy()
    if execution.status == "SUCCEEDED":
        outcome = outcome_of(execution.output)
        changed["status"], changed["reason"] = outcome.status, outcome.reason
    else:
        changed["status"] = "stopped" if execution.status == "ABORTED" else "failed"
        changed["reason"] = execution.cause or execution.error
    return changed
