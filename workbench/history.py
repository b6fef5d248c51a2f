"""From a Step Functions execution history to steps that a person can follow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

WORKING: Final = ("TaskStateEntered", "ParallelStateEntered", "MapStateEntered")
"""States that do something; Pass, Choice and Wait only route."""

FAILED: Final = ("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "TaskSubmitFailed", "TaskStartFailed")

SUCCEEDED: Final = ("TaskSucceeded", "LambdaFunctionSucceeded")

TELLING: Final = ("errorMessage", "FailureReason", "ExitMessage")
"""Where the JSON of a failed function, training job or processing job says what was wrong."""

Status = Literal["running", "done", "caught", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One state of an execution, from entry to exit."""

    name: str
    status: Status
    started_at: datetime
    ended_at: datetime | None
    attempts: int
    problem: str

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


def steps(events: Iterable[dict[str, Any]]) -> list[Step]:
    """
    The working states of a history in the order in which they were entered.

    A state that is entered again (a retry after a redrive, a look at an endpoint
    in a polling loop) is one step: its time runs from the first entry to the last
    exit, and ``attempts`` counts the entries. A state that was left because its
    failure was caught is ``caught``; one that failed and succeeded in a retry is done.
    """
    found: dict[str, Step] = {}
    for event in events:
        kind, at = event["type"], event["timestamp"]
        if kind in WORKING:
            name = event["stateEnteredEventDetails"]["name"]
            before = found.get(name)
            found[name] = Step(
                name=name,
                status="running",
                started_at=before.started_at if before else at,
                ended_at=None,
                attempts=before.attempts + 1 if before else 1,
                problem="",
            )
        elif kind.endswith("StateExited"):
            name = event["stateExitedEventDetails"]["name"]
            caught = found[name].problem if name in found else ""
            _close(found, name, "caught" if caught else "done", at, caught)
        elif kind in SUCCEEDED:
            _note(found, "")
        elif kind == "ExecutionRedriven":
            _reopen(found, at)
        elif kind in FAILED:
            _note(found, _problem(event))
        elif kind in ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"):
            for name in [name for name, step in found.items() if step.status == "running"]:
                _close(found, name, "failed", at, found[name].problem or _problem(event))
    return list(found.values())


def _close(found: dict[str, Step], name: str, status: Status, at: datetime, problem: str) -> None:
    step = found.get(name)
    if step is not None:
        found[name] = Step(name, status, step.started_at, at, step.attempts, problem)


def _note(found: dict[str, Step], problem: str) -> None:
    """Keep how the last try of the step that runs went; the empty text: it succeeded."""
    running = [name for name, step in found.items() if step.status == "running"]
    if running:
        step = found[running[-1]]
        found[running[-1]] = Step(
            step.name, step.status, step.started_at, step.ended_at, step.attempts, problem
        )


def _reopen(found: dict[str, Step], at: datetime) -> None:
    """A redrive goes on in the state that failed, without entering it again; its time counts from there."""
    failed = [name for name, step in found.items() if step.status == "failed"]
    if failed:
        step = found[failed[-1]]
        found[failed[-1]] = Step(step.name, "running", at, None, step.attempts + 1, "")


def _details(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (value for key, value in event.items() if key.endswith("EventDetails") and isinstance(value, dict))


def _problem(event: dict[str, Any]) -> str:
    for details in _details(event):
        if details.get("error") or details.get("cause"):
            return f"{details.get('error', '')}: {_words(details.get('cause', ''))}".strip(": ")
    return str(event["type"])


def _words(cause: str) -> str:
    """What a person wants of a cause: a function's or a job's is a whole JSON document."""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    if not isinstance(document, dict):
        return cause
    return next((str(document[key]) for key in TELLING if document.get(key)), cause)
