"""Tells others of a status: the event on the default bus, and the metrics."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.services import put_aws_event

if TYPE_CHECKING:
    from workbench.local.states.execution import Execution

logger = logging.getLogger("slipway.states")

MAX_EVENT_PAYLOAD: Final = 248 * 1024
"""An input or output above this is left out of the event."""

_METRICS: Final = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


class Announcements:
    """One thread that tells in the order in which things happened."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="states-announce")

    def changed(self, execution: Execution) -> None:
        """The status is new; what is told is as it stands now."""
        detail = detail_of(execution)
        with contextlib.suppress(RuntimeError):  # the server is ending; sweeps find what nobody was told
            self._thread.submit(self._tell, execution, detail, execution.stopped_at)

    def close(self) -> None:
        """Tell what is still to be told."""
        self._thread.shutdown(wait=True)

    def _tell(self, execution: Execution, detail: dict[str, Any], stopped_at: float | None) -> None:
        start = execution.start
        try:
            with seams.RESPONSES.scope(start.account, start.region):
                if start.kind == "STANDARD":
                    put_aws_event(
                        "aws.states", "Step Functions Execution Status Change", detail, resources=[start.arn]
                    )
                _measure(start.machine_arn, detail)
            execution.told(stopped_at)
        except Exception:
            logger.exception("telling that %s is %s", start.arn, detail["status"])


def _measure(machine_arn: str, detail: dict[str, Any]) -> None:
    dimensions = {"StateMachineArn": machine_arn}
    name = (
        _METRICS[detail["status"]]
        if not detail["redriveCount"] or detail["stopDate"]
        else "ExecutionsRedriven"
    )
    seams.CLOUDWATCH.record_metric("AWS/States", name, 1, "Count", dimensions)
    if detail["stopDate"]:
        took = detail["stopDate"] - detail["startDate"]
        seams.CLOUDWATCH.record_metric("AWS/States", "ExecutionTime", took, "Milliseconds", dimensions)


def detail_of(execution: Execution) -> dict[str, Any]:
    """The event's detail, as AWS documents it: times in milliseconds, absent values null."""
    start = execution.start
    redrivable, reason = execution.redrive_status(execution.stopped_at or 0.0)
    shown_input = _shown(start.input)
    shown_output = _shown(execution.output)
    return {
        "executionArn": start.arn,
        "stateMachineArn": start.machine_arn,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": start.name,
        "status": execution.status,
        "startDate": int(start.started_at * 1000),
        "stopDate": None if execution.stopped_at is None else int(execution.stopped_at * 1000),
        "input": shown_input,
        "inputDetails": {"included": shown_input is not None},
        "output": shown_output,
        "outputDetails": None if execution.output is None else {"included": shown_output is not None},
        "redriveCount": execution.redrive_count,
        "redriveDate": None if execution.redriven_at is None else int(execution.redriven_at * 1000),
        "redriveStatus": redrivable,
        "redriveStatusReason": reason,
        "error": execution.error,
        "cause": execution.cause,
    }


def _shown(text: str | None) -> str | None:
    return text if text is not None and len(text) <= MAX_EVENT_PAYLOAD else None
