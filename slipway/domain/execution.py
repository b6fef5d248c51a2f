"""An execution of a state machine, as the use cases see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class StartedExecution:
    """The answer to a start."""

    arn: str
    already: bool
    """An execution of this name existed (running or ended)."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution and, when it has ended, how."""

    arn: str
    name: str
    machine_arn: str
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
    document: dict[str, Any]
    """Its input."""
    started_at: str
    ended_at: str
    """ISO 8601 with milliseconds; empty while it runs."""
    output: dict[str, Any]
    """Empty unless it succeeded."""
    error: str
    cause: str
    redriven_at: str = ""
    """When it was last tried again after a failure; empty: never."""

    @property
    def ended(self) -> bool:
        return self.status not in ("RUNNING", "PENDING_REDRIVE")


@dataclass(frozen=True, slots=True)
class ExecutionSummary:
    """What a listing says of an execution; ``ended_at`` is empty while it runs."""

    arn: str
    name: str
    status: str
    started_at: str
    ended_at: str
    redriven_at: str = ""
