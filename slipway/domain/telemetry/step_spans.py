"""From an execution's history to a span for each state that did something."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.failures import understand
from slipway.domain.telemetry.spans import AttributeValue, Span, span_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

WORKING: Final = ("TaskStateEntered", "ParallelStateEntered", "MapStateEntered")
"""Pass, Choice and Wait only route."""
FAILED: Final = ("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "TaskSubmitFailed", "TaskStartFailed")
SUCCEEDED: Final = ("TaskSucceeded", "LambdaFunctionSucceeded")
ENDED_BADLY: Final = ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
JOB_NAMES: Final = ("TrainingJobName", "ProcessingJobName", "EndpointName", "ModelName")
CAUGHT: Final = "slipway.step.caught"
"""Attribute of a step that failed, and whose failure led to another step."""


def step_spans(events: Iterable[Mapping[str, Any]], *, execution_arn: str, parent_id: str) -> list[Span]:
    """
    The working states in the order in which they were entered.

    A state that is entered again (a look at an endpoint in a loop, a step after a redrive) is one span from
    its first entry to its last exit, with the number of entries. What a retry mended is no error.

    Args:
        events: The history, oldest event first.
        execution_arn: Whose it is.
        parent_id: The span that the states are parts of.
    """
    found: dict[str, Span] = {}
    open_states: list[str] = []
    states: dict[int, str] = {}
    for event in events:
        kind, details = event["type"], _details(event)
        state = states.get(event.get("previousEventId", 0), "")
        if kind.endswith("StateEntered"):
            state = str(details.get("name", ""))
        states[event["id"]] = state
        if kind in WORKING:
            _enter(found, state, event, execution_arn=execution_arn, parent_id=parent_id)
            open_states.append(state)
        elif kind.endswith("StateExited") and details.get("name") in found:
            name = str(details["name"])
            span = found[name]
            found[name] = _left(span, event["timestamp"])
            open_states = [one for one in open_states if one != name]
        elif state in found and kind == "TaskScheduled":
            found[state] = _with(found[state], _job(details))
        elif state in found and kind in SUCCEEDED:
            found[state] = replace(found[state], status="ok", message="")
        elif state in found and kind in FAILED:
            found[state] = _failed(found[state], details)
        elif kind in ENDED_BADLY:
            for name in open_states:
                span = found[name]
                broken = span if span.status == "error" else _failed(span, details)
                found[name] = replace(broken, end=event["timestamp"])
            open_states = []
            found = {name: _guilty(span, str(details.get("error", ""))) for name, span in found.items()}
    return list(found.values())


def nested_executions(events: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """State to the ARN of the execution that it started and waited for."""
    states: dict[int, str] = {}
    found: dict[str, str] = {}
    for event in events:
        details = _details(event)
        state = states.get(event.get("previousEventId", 0), "")
        states[event["id"]] = (
            str(details.get("name", "")) if event["type"].endswith("StateEntered") else state
        )
        if details.get("resourceType") == "states" and event["type"] == "TaskSubmitted":
            arn = json.loads(details.get("output") or "{}").get("ExecutionArn")
            if arn:
                found[states[event["id"]]] = str(arn)
    return found


def _enter(
    found: dict[str, Span], name: str, event: Mapping[str, Any], *, execution_arn: str, parent_id: str
) -> None:
    before = found.get(name)
    if before is None:
        attributes: dict[str, AttributeValue] = {"slipway.step.name": name}
        found[name] = Span(
            name, span_id(execution_arn, name), parent_id, event["timestamp"], None, attributes=attributes
        )
        return
    entries = int(before.attributes.get("slipway.step.entries", 1)) + 1
    found[name] = replace(_with(before, {"slipway.step.entries": entries}), end=None)


def _with(span: Span, more: Mapping[str, AttributeValue]) -> Span:
    return replace(span, attributes={**span.attributes, **more})


def _left(span: Span, at: datetime) -> Span:
    """A failure that was caught is no error by itself; a state that told of nothing has succeeded."""
    if span.status == "error":
        return replace(_with(span, {CAUGHT: True}), end=at, status="unset")
    return replace(span, end=at, status="ok")


def _guilty(span: Span, error: str) -> Span:
    """Of a failure that was caught, cleaned up after, and thrown again: the step in which it happened."""
    same = error and span.attributes.get(CAUGHT) and span.attributes.get("error.type") == error
    return replace(span, status="error") if same else span


def _failed(span: Span, details: Mapping[str, Any]) -> Span:
    error = str(details.get("error") or "States.Timeout")
    cause = understand(str(details.get("cause") or "")).text or error
    return replace(_with(span, {"error.type": error}), status="error", message=cause)


def _job(details: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """What a task called, and the name of the job that it asked for."""
    attributes: dict[str, AttributeValue] = {
        "rpc.system": "aws-api",
        "rpc.service": str(details.get("resourceType", "")),
        "rpc.method": str(details.get("resource", "")),
    }
    try:
        parameters = json.loads(details.get("parameters") or "{}")
    except ValueError:
        parameters = {}
    named: Sequence[str] = [str(parameters[key]) for key in JOB_NAMES if parameters.get(key)]
    if named:
        attributes["slipway.job.name"] = named[0]
    if parameters.get("FunctionName"):
        attributes["faas.invoked_name"] = str(parameters["FunctionName"]).rpartition(":")[2]
    return attributes


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(
        (value for key, value in event.items() if key.endswith("EventDetails") and isinstance(value, dict)),
        {},
    )
