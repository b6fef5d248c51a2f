"""
The parts of Amazon States Language that both machines use, as functions that build its JSON.

Everything is JSONata. ``${name}`` stands for what only CloudFormation knows.
"""

from __future__ import annotations

from typing import Any, Final

from slipway.contracts.events import SOURCE

State = dict[str, Any]
States = dict[str, State]

INPUT: Final = "{% $states.input %}"
EXECUTION: Final = "{% $states.context.Execution.Id %}"


def query(expression: str) -> str:
    """
    A JSONata expression as ASL writes it; lines are joined.

    >>> query("$states.input.plan")
    '{% $states.input.plan %}'
    """
    return "{% " + " ".join(line.strip() for line in expression.strip().splitlines()) + " %}"


def extended(key: str, expression: str) -> str:
    """
    The state's input with one more key.

    >>> extended("verdict", "$states.result.Payload")
    "{% $merge([$states.input, {'verdict': $states.result.Payload}]) %}"
    """
    return query(f"$merge([$states.input, {{'{key}': {expression}}}])")


def retry(
    errors: list[str],
    *,
    first_seconds: int,
    attempts: int,
    longest_seconds: int,
    backoff: float = 2,
    jitter: bool = True,
) -> dict[str, Any]:
    """One retrier, with full jitter: many releases that are refused together don't come back together."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": first_seconds,
        "MaxAttempts": attempts,
        "BackoffRate": backoff,
        "MaxDelaySeconds": longest_seconds,
        "JitterStrategy": "FULL" if jitter else "NONE",
    }


LAMBDA_TROUBLE: Final = retry(
    [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ],
    first_seconds=1,
    attempts=6,
    longest_seconds=30,
)
"""Lambda's own errors; what a function raises is not among them."""

LAMBDA_DEATH: Final = retry(
    ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"],
    first_seconds=1,
    attempts=2,
    longest_seconds=5,
)
"""The function's process ended: killed, out of memory, or out of time. It may have done its work."""

EVENTS_TROUBLE: Final = retry(["States.TaskFailed"], first_seconds=1, attempts=8, longest_seconds=30)
"""Telling twice is better than not at all."""


def call(function: str, *, key: str, next_state: str) -> State:
    """A task that hands the whole document to a function and adds its answer under ``key``."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": INPUT},
        "Output": extended(key, "$states.result.Payload"),
        "Retry": [LAMBDA_TROUBLE, LAMBDA_DEATH],
        "Next": next_state,
    }


def tell(kind: str, detail: dict[str, str], *, next_state: str) -> State:
    """A task that puts one event of the platform on the default bus."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {"Entries": [{"Source": SOURCE, "DetailType": kind, "Detail": detail}]},
        "Output": INPUT,
        "Retry": [EVENTS_TROUBLE],
        "Next": next_state,
    }


def choose(*rules: dict[str, Any], default: str) -> State:
    """A choice; the first rule whose condition holds is followed."""
    return {"Type": "Choice", "Choices": list(rules), "Default": default}


def when(condition: str, next_state: str, **assign: Any) -> dict[str, Any]:
    """One rule of a choice."""
    rule: dict[str, Any] = {"Condition": query(condition), "Next": next_state}
    return rule | {"Assign": assign} if assign else rule


def each(
    items: str,
    start: str,
    states: States,
    *,
    next_state: str,
    catch: list[dict[str, Any]] | None = None,
    selector: dict[str, Any] | None = None,
    at_once: int = 4,
) -> State:
    """
    The same few states for every item, at most ``at_once`` items at a time; the document stays as it is.

    What stands in the states sees the item as its input (or what ``selector`` makes of it), and the machine's
    variables, which it cannot change.
    """
    state: State = {
        "Type": "Map",
        "Items": query(items),
        "MaxConcurrency": at_once,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": start,
            "States": states,
        },
        "Output": INPUT,
    }
    if selector:
        state["ItemSelector"] = selector
    if catch:
        state["Catch"] = catch
    return state | ({"Next": next_state} if next_state else {"End": True})


def machine(comment: str, start: str, states: States, *, timeout_seconds: int) -> State:
    """A whole definition."""
    return {
        "Comment": comment,
        "QueryLanguage": "JSONata",
        "StartAt": start,
        "TimeoutSeconds": timeout_seconds,
        "States": states,
    }
