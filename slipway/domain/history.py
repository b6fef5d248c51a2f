"""From an execution's history to the step that failed, its error and its raw cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class FailedStep:
    """
    Where an execution failed.

    Attributes:
        step: The state's name.
        error: The error's name, as ``ErrorEquals`` would match it.
        cause: The raw cause: text, or JSON of what the called service says.
        resource: What was called, such as ``createTrainingJob.sync``; empty where nothing was.
    """

    step: str
    error: str
    cause: str
    resource: str = ""


def failed_step(events: Sequence[Mapping[str, Any]], error: str = "", cause: str = "") -> FailedStep:
    """
    The step whose failure ended an execution.

    A failure that was caught and led to a Fail state after some cleaning up is found as well: of the
    failures on the way to the end, the latest with the execution's own error counts, else the latest.

    Args:
        events: Newest first, as GetExecutionHistory gives them in reverse order.
        error: What the execution ended with, for a history that tells nothing.
        cause: Likewise.
    """
    by_id = {event["id"]: event for event in events}
    ending = next((_details(event) for event in events if event["type"] == "ExecutionFailed"), {})
    error, cause = ending.get("error", error), ending.get("cause", cause)
    last = next((e for e in events if not e["type"].startswith("Execution")), None)
    path = list(_backwards(last, by_id))
    failures = [event for event in path if _is_failure(event)] or [e for e in events if _is_failure(e)]
    same = [event for event in failures if _details(event).get("error", "") == error]
    failure = next(iter(same or failures), None)
    fail_state = next((event for event in path if event["type"] == "FailStateEntered"), None)
    if failure is None or (fail_state is not None and error and not same):
        # nothing that was called failed: the machine itself found the error out, in a state of its name
        entered = [event for event in path if event["type"].endswith("StateEntered")]
        found_out = next((event for event in entered if _state_name(event) == error), None)
        return FailedStep(_state_name(found_out or next(iter(entered), None)), error, cause)
    details = _details(failure)
    state = next((e for e in _backwards(failure, by_id) if e["type"].endswith("StateEntered")), None)
    return FailedStep(
        step=_state_name(state),
        error=str(details.get("error", error)),
        cause=str(details.get("cause", cause)),
        resource=str(details.get("resource", "")),
    )


def _backwards(
    event: Mapping[str, Any] | None, by_id: Mapping[int, Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    while event is not None:
        yield event
        event = by_id.get(event.get("previousEventId", 0))


_FAILURES = ("Failed", "TimedOut", "Aborted")


def _is_failure(event: Mapping[str, Any]) -> bool:
    kind = event["type"]
    # a failed branch or iteration only repeats what failed inside of it
    repeats = ("Execution", "ParallelState", "MapState", "MapIteration", "MapRun")
    return kind.endswith(_FAILURES) and not kind.startswith(repeats)


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    for key, value in event.items():
        if key.endswith("EventDetails") and isinstance(value, dict):
            return value
    return {}


def _state_name(entered: Mapping[str, Any] | None) -> str:
    return str(_details(entered).get("name", "")) if entered is not None else ""
