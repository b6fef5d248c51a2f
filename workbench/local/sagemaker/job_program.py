"""Runs a job's program to its end: its output logged, stopped when asked or when its time is over."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.local.runner.launch import launch
from workbench.local.runner.program import Program
from workbench.local.sagemaker.store import current_scope
from workbench.local.services import role_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from workbench.local.runner.images import Image
    from workbench.local.sagemaker.surroundings import LogStream, Surroundings

STOP_GRACE_SECONDS: Final = 120.0
"""Between SIGTERM and SIGKILL; SLIPWAY_STOP_GRACE_SECONDS overrides it."""
_TURN_SECONDS: Final = 0.05
_TAIL_LINES: Final = 20

Cause = Literal["ended", "stopped", "overtime"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the program ended, and whether by itself."""

    exit_code: int
    cause: Cause
    tail: tuple[str, ...]
    """The last lines of its output."""


@dataclass(slots=True)
class JobControl:
    """What stops a running job; ``stopping`` is set by the Stop operation."""

    stopping: threading.Event = field(default_factory=threading.Event)


class JobControls:
    """The jobs that run now."""

    def __init__(self) -> None:
        self._controls: dict[tuple[tuple[str, str], str], JobControl] = {}

    def open(self, name: str) -> JobControl:
        """For a job that starts."""
        return self._controls.setdefault((current_scope(), name), JobControl())

    def close(self, name: str) -> None:
        """The job has ended."""
        self._controls.pop((current_scope(), name), None)

    def stop(self, name: str) -> None:
        """Ask a job to stop."""
        control = self._controls.get((current_scope(), name))
        if control is not None:
            control.stopping.set()


def container_environment(
    surroundings: Surroundings, role_arn: str, session: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Region, endpoint and the role's temporary credentials, then the job's own variables."""
    _, region = current_scope()
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": surroundings.server.endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        **role_credentials(role_arn, session),
        **extra,
    }


def run_program(
    surroundings: Surroundings,
    image: Image,
    work: Path,
    control: JobControl,
    *,
    command: Sequence[str],
    environment: Mapping[str, str],
    isolated: bool,
    seconds: float,
    grace_seconds: float,
    log: LogStream,
    line: Callable[[str], Any] = lambda _line: None,
    turn: Callable[[], None] = lambda: None,
) -> Outcome:
    """
    Run to the end, to ``seconds``, or until ``control.stopping``.

    ``line`` sees each line of output; ``turn`` is called now and then while it runs.

    Raises:
        ProgramError: It could not be started.
    """
    tail: list[str] = []

    def read(text: str) -> None:
        tail.append(text)
        del tail[:-_TAIL_LINES]
        line(text)
        log.write([text])

    launched = launch(
        image,
        work,
        surroundings.capabilities,
        command=command,
        environment=environment,
        relay=None if isolated else surroundings.server.port,
    )
    program = Program(launched.plan, surroundings.capabilities, read)
    started = time.monotonic()
    cause: Cause = "ended"
    deadline: float | None = None
    while (ended := program.wait(_TURN_SECONDS)) is None:
        now = time.monotonic()
        if deadline is None and (control.stopping.is_set() or now - started > seconds):
            cause = "stopped" if control.stopping.is_set() else "overtime"
            program.signal(signal.SIGTERM)
            deadline = now + grace_seconds
        elif deadline is not None and now > deadline:
            program.kill()
        turn()
    return Outcome(ended.exit_code, cause, tuple(tail))
