"""Executions and their histories as the API shows them, page by page."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.local.states.execution import Execution

DEFAULT_PAGE: Final = 100
MAX_PAGE: Final = 1000


def description(execution: Execution) -> dict[str, Any]:
    """DescribeExecution."""
    start = execution.start
    status, reason = execution.redrive_status(time.time())
    shown: dict[str, Any] = {
        "executionArn": start.arn,
        "stateMachineArn": start.machine_arn,
        "name": start.name,
        "status": execution.status,
        "startDate": start.started_at,
        "input": start.input,
        "inputDetails": {"included": True},
        "redriveCount": execution.redrive_count,
        "redriveStatus": status,
    }
    optional = {
        "stopDate": execution.stopped_at,
        "output": execution.output,
        "outputDetails": None if execution.output is None else {"included": True},
        "error": execution.error,
        "cause": execution.cause,
        "redriveDate": execution.redriven_at,
        "redriveStatusReason": reason,
    }
    return shown | {name: value for name, value in optional.items() if value is not None}


def page_of_executions(executions: Sequence[Execution], asked: dict[str, Any]) -> dict[str, Any]:
    """
    ListExecutions, the newest first.

    Raises:
        ValueError: The token is none of ours.
    """
    status, redriven = asked.get("statusFilter"), asked.get("redriveFilter")
    wanted = [
        each
        for each in executions
        if each.start.machine_arn == asked["stateMachineArn"]
        and (status is None or each.status == status)
        and (redriven is None or (redriven == "REDRIVEN") == (each.redrive_count > 0))
    ]
    wanted.sort(key=_newest, reverse=True)
    if asked.get("nextToken"):
        moment, arn = _from_token(asked["nextToken"], 2)
        wanted = [each for each in wanted if _newest(each) < (moment, arn)]
    size = _size(asked)
    page = wanted[:size]
    answer: dict[str, Any] = {"executions": [_item(each) for each in page]}
    if len(wanted) > size:
        answer["nextToken"] = _token(*_newest(page[-1]))
    return answer


def _newest(execution: Execution) -> tuple[float, str]:
    return execution.start.started_at, execution.start.arn


def _item(execution: Execution) -> dict[str, Any]:
    shown = description_head(execution)
    if execution.stopped_at is not None:
        shown["stopDate"] = execution.stopped_at
    if execution.redriven_at is not None:
        shown["redriveDate"] = execution.redriven_at
    return shown


def description_head(execution: Execution) -> dict[str, Any]:
    """What a list shows of each."""
    return {
        "executionArn": execution.start.arn,
        "stateMachineArn": execution.start.machine_arn,
        "name": execution.start.name,
        "status": execution.status,
        "startDate": execution.start.started_at,
        "redriveCount": execution.redrive_count,
    }


def page_of_history(execution: Execution, asked: dict[str, Any]) -> dict[str, Any]:
    """
    GetExecutionHistory; later pages show what was there when the first was asked for.

    Raises:
        ValueError: The token is none of ours, or of another request.
    """
    with execution.lock:
        events = execution.history()[:]
    reverse = bool(asked.get("reverseOrder"))
    begin, total = 0, len(events)
    if asked.get("nextToken"):
        arn, begin, total, was_reverse = _from_token(asked["nextToken"], 4)
        if arn != execution.start.arn or was_reverse != reverse or total > len(events):
            raise ValueError("it belongs to another request")
    events = events[:total]
    if reverse:
        events.reverse()
    size = _size(asked)
    page = events[begin : begin + size]
    if asked.get("includeExecutionData") is False:
        page = [_without_data(event) for event in page]
    answer: dict[str, Any] = {"events": page}
    if begin + size < total:
        answer["nextToken"] = _token(execution.start.arn, begin + size, total, reverse)
    return answer


_DATA: Final = frozenset({"input", "output", "parameters"})


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: each for key, each in value.items() if key not in _DATA}
        if isinstance(value, dict)
        else value
        for name, value in event.items()
    }


def _size(asked: dict[str, Any]) -> int:
    return min(MAX_PAGE, asked.get("maxResults") or DEFAULT_PAGE)


def _token(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _from_token(token: str, length: int) -> list[Any]:
    try:
        parts: list[Any] = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (binascii.Error, UnicodeError, ValueError):
        raise ValueError("Invalid token") from None
    if not isinstance(parts, list) or len(parts) != length:
        raise ValueError("Invalid token")
    return parts
