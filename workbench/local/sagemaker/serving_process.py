"""One serving process of a variant: started, pinged, restarted when it fails, drained when it goes."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.contracts.container import PREDICTION_SECONDS
from slipway.domain.errors import SlipwayError
from workbench.local.runner.launch import launch
from workbench.local.runner.program import Program

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.local.runner.images import Image
    from workbench.local.sagemaker.surroundings import LogStream, Surroundings

PING_TIMEOUT_SECONDS: Final = 2.0
STARTUP_PING_SECONDS: Final = 0.05
"""Between pings of a process that starts; SageMaker's are 2 s or so apart."""
WATCH_SECONDS: Final = 2.0
UNHEALTHY_PINGS: Final = 5
STOP_GRACE_SECONDS: Final = 30.0
LONGEST_PAUSE_SECONDS: Final = 30.0
REPORT_SECONDS: Final = 0.2
"""
Between two reports of what a model predicts, whatever the clock's speed, as that may change while it serves:
each of an alarm's periods must have some, the shortest (``alarms.SHORTEST_SECONDS``) too.
"""


@dataclass(frozen=True, slots=True)
class Serving:
    """What a serving process runs."""

    image: Image
    artifact: Path
    """The unpacked model; each process sees a copy."""
    environment: Mapping[str, str]
    isolated: bool
    startup_seconds: float


class ServingProcess:
    """
    Runs from ``start`` to ``stop``; between them a thread pings it and restarts it.

    ``healthy`` tells whether it may get requests; ``exited`` how often it ended by itself.
    """

    def __init__(self, surroundings: Surroundings, serving: Serving, log: LogStream) -> None:
        self._surroundings, self._serving, self._log = surroundings, serving, log
        self._work = surroundings.new_work("serving")
        shutil.copytree(serving.artifact, self._work / "ml" / "model", symlinks=True)
        self._program: Program | None = None
        self._stopping = threading.Event()
        self._taking = threading.Lock()
        self.healthy = False
        self.in_flight = 0
        self.generation = 0
        """Counts restarts: connections of an earlier process are of no use."""
        self.port = 0

    def start(self) -> None:
        """
        Start the program; it is not healthy yet.

        Raises:
            SlipwayError: It could not be started.
        """
        serving = self._serving
        launched = launch(
            serving.image,
            self._work,
            self._surroundings.capabilities,
            command=[*serving.image.entrypoint, "serve"],
            environment={PREDICTION_SECONDS: f"{REPORT_SECONDS:g}", **serving.environment},
            relay=None if serving.isolated else self._surroundings.server.port,
        )
        self.port = launched.port
        self.generation += 1
        self._program = Program(
            launched.plan, self._surroundings.capabilities, lambda line: self._log.write([line])
        )

    @property
    def pid(self) -> int | None:
        """Of the process that stands for its program; None while none runs."""
        program = self._program
        return program.pid if program is not None and program.running else None

    def take(self) -> bool:
        """Let it have one request more, until ``release``; False when it may not get any."""
        with self._taking:
            if not self.healthy:
                return False
            self.in_flight += 1
            return True

    def _admit(self) -> None:
        """It may get requests, unless it is being stopped."""
        with self._taking:
            self.healthy = not self._stopping.is_set()

    def crash(self) -> None:
        """End the program as if it had done so by itself; it is started again."""
        if self._program is not None:
            self._program.kill()

    def release(self) -> None:
        """One of its requests is done."""
        with self._taking:
            self.in_flight -= 1

    def connect(self) -> socket.socket | None:
        """A new connection to its port; None when it does not listen."""
        program = self._program
        return program.connect(self.port) if program is not None else None

    def ping(self) -> bool:
        """Whether GET /ping is answered with 200 in time."""
        found = self.connect()
        if found is None:
            return False
        found.settimeout(PING_TIMEOUT_SECONDS)
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = found
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/ping")
            answer = connection.getresponse()
            answer.read()
            return answer.status == http.client.OK
        return False

    def await_healthy(self, cancelled: threading.Event, not_before: float = 0.0) -> bool:
        """
        Ping until it answers; False when it has ended, time is over, or it is no longer wanted.

        Args:
            cancelled: Set when it is no longer wanted.
            not_before: Seconds in which no answer counts: a fault that was asked for.
        """
        began = time.monotonic()
        deadline = began + self._serving.startup_seconds
        while time.monotonic() < deadline and not cancelled.is_set() and not self._stopping.is_set():
            if self._program is None or not self._program.running:
                return False
            if time.monotonic() - began >= not_before and self.ping():
                self._admit()
                return True
            time.sleep(STARTUP_PING_SECONDS)
        return False

    def watch(self) -> None:
        """Ping now and then, restart when it has ended or no longer answers; in a thread, until ``stop``."""
        failed, pause = 0, 1.0
        while not self._stopping.wait(WATCH_SECONDS):
            running = self._program is not None and self._program.running
            if running and self.ping():
                failed, pause = 0, 1.0
                self._admit()
                continue
            failed += 1
            if running and failed < UNHEALTHY_PINGS:
                continue
            self.healthy = False
            self._log.write(
                ["slipway: the serving process is restarted: " + ("no ping" if running else "it ended")]
            )
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            with contextlib.suppress(SlipwayError, OSError):
                if self._program is not None:
                    self._program.kill()
                self.start()
                if self._stopping.is_set() and self._program is not None:
                    self._program.kill()
                self.await_healthy(self._stopping)
            failed = 0

    def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """No new requests; SIGTERM once those in flight are answered, then SIGKILL."""
        self._stopping.set()
        with self._taking:  # whoever has taken it is counted in flight
            self.healthy = False
        deadline = time.monotonic() + grace_seconds
        while self.in_flight and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._program is not None:
            self._program.stop(grace_seconds)
        shutil.rmtree(self._work, ignore_errors=True)
