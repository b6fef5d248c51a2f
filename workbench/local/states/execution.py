"""One execution: what its API answers show, its history, and where it stands."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.local.states.documents import iso
from workbench.local.states.failures import RUNTIME, StateFailedError

if TYPE_CHECKING:
    import asyncio

    from workbench.local.states.frames import Frame, Path
    from workbench.local.states.journal import Journal

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]

MAX_EVENTS: Final = 25_000
REDRIVABLE_SECONDS: Final = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Start:
    """What never changes about an execution."""

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    role_arn: str
    definition: str
    """Digest of the definition it runs, whatever the machine's is by now."""
    input: str
    started_at: float
    kind: str = "STANDARD"

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


@dataclass(slots=True, eq=False)
class Execution:
    """
    Mutable state; ``lock`` guards status and history, which two threads touch.

    ``frames`` belongs to the engine's thread while the execution runs. ``events``
    is None while the history rests in the journal.
    """

    start: Start
    journal: Journal
    status: Status = "RUNNING"
    stopped_at: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0
    redriven_at: float | None = None
    events: list[dict[str, Any]] | None = field(default_factory=list)
    frames: dict[Path, Frame] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Nonce of a token: what SendTask* said, kept until the task takes it."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    running: asyncio.Task[None] | None = None
    ended: list[asyncio.Event] = field(default_factory=list)

    def record(self, kind: str, details: dict[str, Any] | None = None, *, frame: Frame | None = None) -> int:
        """
        Append to the history; nothing once the execution has ended.

        Returns:
            The event's id.

        Raises:
            StateFailedError: States.Runtime: the history is full.
        """
        with self.lock:
            if self.status != "RUNNING":
                return 0
            return self._append(kind, details, frame)

    def _append(self, kind: str, details: dict[str, Any] | None, frame: Frame | None) -> int:
        events = self.history()
        number = len(events) + 1
        if number >= MAX_EVENTS and not kind.startswith("Execution"):
            raise StateFailedError(
                RUNTIME, f"The execution reached the maximum number of history events ({MAX_EVENTS})."
            )
        previous = frame.last_event if frame is not None else number - 1
        event: dict[str, Any] = {
            "timestamp": round(time.time(), 3),
            "type": kind,
            "id": number,
            "previousEventId": previous,
        }
        if details is not None:
            event[detail_key(kind)] = details
        events.append(event)
        self.journal.add("event", {"event": event})
        if frame is not None:
            frame.last_event = number
        return number

    def history(self) -> list[dict[str, Any]]:
        """All events; read from the journal when they rest there."""
        if self.events is None:
            self.events = [each["event"] for each in self.journal.records() if each["k"] == "event"]
        return self.events

    def save(self, frame: Frame) -> None:
        """Journal a frame and everything before it, now."""
        with self.lock:
            if self.status == "RUNNING":
                self.journal.add("frame", {"frame": frame.record()})
                self.journal.flush()

    def drop(self, prefix: Path) -> None:
        """Forget the frames below a Parallel or Map that was left."""
        below = [path for path in self.frames if path[: len(prefix)] == prefix]
        if below:
            for path in below:
                del self.frames[path]
            with self.lock:
                self.journal.add("drop", {"prefix": list(prefix)})

    def finish(self, status: Status, **given: Any) -> bool:
        """
        End it once; what comes later is ignored.

        Returns:
            Whether this call ended it.
        """
        with self.lock:
            if self.status != "RUNNING":
                return False
            self.output, self.error, self.cause = given.get("output"), given.get("error"), given.get("cause")
            kind, details = self._ending(status)
            self._append(kind, details, self.frames.get(()))
            self.status, self.stopped_at = status, round(time.time(), 3)
            if status == "SUCCEEDED":
                self.frames.clear()
            else:
                for frame in self.frames.values():
                    self.journal.add("frame", {"frame": frame.record()})
            self.answers.clear()
            self.journal.add("end", self._summary())
            self.journal.flush()
            return True

    def _ending(self, status: Status) -> tuple[str, dict[str, Any]]:
        if status == "SUCCEEDED":
            return "ExecutionSucceeded", {"output": self.output, "outputDetails": {"truncated": False}}
        words = {"FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut", "ABORTED": "ExecutionAborted"}
        told = {"error": self.error, "cause": self.cause}
        return words[status], {name: value for name, value in told.items() if value}

    def _summary(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "output": self.output,
            "error": self.error,
            "cause": self.cause,
            "stopped_at": self.stopped_at,
            "redrive_count": self.redrive_count,
            "redriven_at": self.redriven_at,
        }

    def told(self, stopped_at: float | None) -> None:
        """The end at ``stopped_at`` was announced: a restart need not do it again."""
        with self.lock:
            if stopped_at is not None and self.stopped_at == stopped_at and self.journal.path.exists():
                self.journal.add("told", self._summary())
                self.journal.flush()

    def rest(self) -> None:
        """Leave history and frames to the journal until somebody asks."""
        with self.lock:
            if self.status != "RUNNING":
                self.events = None
                self.frames.clear()

    def redrive(self) -> None:
        """Run again from where it failed; the history goes on."""
        with self.lock:
            self.history()
            self.status, self.stopped_at = "RUNNING", None
            self.output = self.error = self.cause = None
            self.redrive_count += 1
            self.redriven_at = round(time.time(), 3)
            for frame in self.frames.values():
                frame.redrive()
            self.journal.add("redrive", {"count": self.redrive_count, "at": self.redriven_at})
            self._append("ExecutionRedriven", {"redriveCount": self.redrive_count}, self.frames.get(()))
            self.journal.flush()

    def redrive_status(self, now: float) -> tuple[str, str | None]:  # noqa: PLR0911 - one for each reason
        """``redriveStatus`` and its reason."""
        if self.status == "RUNNING":
            return "NOT_REDRIVABLE", "Execution is RUNNING and cannot be redriven"
        if self.status == "SUCCEEDED":
            return "NOT_REDRIVABLE", "Execution is SUCCEEDED and cannot be redriven"
        if self.start.kind != "STANDARD":
            return "NOT_REDRIVABLE", "Only executions of STANDARD state machines can be redriven"
        if self.stopped_at is not None and now - self.stopped_at > REDRIVABLE_SECONDS:
            return "NOT_REDRIVABLE", "Execution ended more than 14 days ago"
        if () not in self.frames:
            return "NOT_REDRIVABLE", "Execution failed before it entered its first state"
        if len(self.history()) >= MAX_EVENTS - 1:
            return "NOT_REDRIVABLE", "Execution reached the maximum number of history events"
        return "REDRIVABLE", None

    def context(self, input_document: Any) -> dict[str, Any]:
        """``$states.context`` but for State, Task and Map."""
        about: dict[str, Any] = {
            "Id": self.start.arn,
            "Input": input_document,
            "Name": self.start.name,
            "RoleArn": self.start.role_arn,
            "StartTime": iso(self.start.started_at),
            "RedriveCount": self.redrive_count,
        }
        if self.redriven_at is not None:
            about["RedriveTime"] = iso(self.redriven_at)
        return {
            "Execution": about,
            "StateMachine": {"Id": self.start.machine_arn, "Name": self.start.machine_name},
        }


def detail_key(kind: str) -> str:
    """
    The member that carries an event's details.

    >>> detail_key("PassStateEntered"), detail_key("TaskScheduled"), detail_key("ExecutionFailed")
    ('stateEnteredEventDetails', 'taskScheduledEventDetails', 'executionFailedEventDetails')
    """
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"
