"""
Execution environments of Lambda functions: forked from a warm parent, kept, counted, ended.

An environment runs one invocation at a time, and so many run at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.local.lambda_slots import Slots

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CLIENT: Final = Path(__file__).with_name("runtime_client.py")
INIT_SECONDS: Final = 60
"""AWS allows 10; a shared machine is given more before an environment counts as broken."""
STALLED_SECONDS: Final = 10
"""Without an invocation that ends, after which one more than the slots allow may run."""
IDLE_SECONDS: Final = 300

Death = Literal["none", "early", "late"]
"""When the process of an invocation is killed: before it does anything, or before it answers."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an environment is made from; equal orders share environments."""

    function: str
    handler: str
    task_root: Path
    layers: tuple[Path, ...]
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request; times in seconds."""

    id: str
    arn: str
    event: Any
    timeout: float
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; ``init_ms`` only when this invocation had to start the environment."""

    result: Any
    error: dict[str, Any] | None
    log: list[tuple[float, str]]
    """Seconds since the epoch and one event each."""
    stream: str
    duration_ms: float
    init_ms: float | None
    memory_mb: int


class Parent:
    """The process that environments are forked from; one per set of layers."""

    def __init__(self, python: str, path: Sequence[Path]) -> None:
        ours, theirs = socket.socketpair()
        settings = json.dumps({"path": [str(part) for part in path]})
        self._process = subprocess.Popen(
            [python, "-I", "-S", str(CLIENT), str(theirs.fileno()), settings],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
        )
        theirs.close()
        self._control = ours
        self._answers = ours.makefile("r")
        self._lock = threading.Lock()
        self._ready = False

    def fork(self, order: Order, environment: dict[str, str]) -> tuple[int, socket.socket, int]:
        """A new environment: its pid, its invocation socket, the pipe with what it prints."""
        message = {
            "task_root": str(order.task_root),
            "handler": order.handler,
            "environment": environment,
        }
        ours, theirs = socket.socketpair()
        log_out, log_in = os.pipe()
        with self._lock:
            if not self._ready:
                self._answers.readline()
                self._ready = True
            socket.send_fds(self._control, [json.dumps(message).encode() + b"\n"], [theirs.fileno(), log_in])
            pid = int(self._answers.readline() or 0)
        theirs.close()
        os.close(log_in)
        os.set_blocking(log_out, False)
        return pid, ours, log_out

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """End it and all its environments."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._control.close()
        self._process.wait()


@dataclass(slots=True, eq=False)
class Environment:
    """One forked process; its log stream is named when it is made, as on AWS."""

    order: Order
    pid: int
    channel: socket.socket
    log: int
    stream: str
    init_ms: float | None = None
    last_used: float = field(default_factory=time.monotonic)
    _partial: bytes = b""

    def wait_ready(self) -> list[tuple[float, str]]:
        """Let it import its handler; what it printed meanwhile."""
        frame, log = self._exchange(time.monotonic() + INIT_SECONDS)
        self.init_ms = float(frame["init_ms"]) if frame else 0.0
        return log

    def run(self, invocation: Invocation) -> tuple[dict[str, Any] | None, list[tuple[float, str]]]:
        """
        Send one request; the answering frame, or None when the process ended.

        Raises:
            TimeoutError: The function's timeout is over; ``args[0]`` is what it printed.
        """
        request = {
            "id": invocation.id,
            "arn": invocation.arn,
            "event": invocation.event,
            "trace_id": invocation.trace_id,
            "deadline_ms": int((time.time() + invocation.timeout) * 1000),
        }
        body = json.dumps(request).encode()
        deadline = time.monotonic() + invocation.timeout
        with contextlib.suppress(OSError):  # it ended: the answer below says so
            self.channel.sendall(struct.pack(">I", len(body)) + body)
        answer = self._exchange(deadline)
        self.last_used = time.monotonic()
        return answer

    def _exchange(self, deadline: float) -> tuple[dict[str, Any] | None, list[tuple[float, str]]]:
        received, log = bytearray(), list[tuple[float, str]]()
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        poll.register(self.log, select.POLLIN)
        wanted: int | None = None
        while wanted is None or len(received) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                self._read_log(log, last=True)
                raise TimeoutError(log)
            for descriptor, event in poll.poll(left * 1000):
                if descriptor == self.log:
                    if event & select.POLLIN:
                        self._read_log(log)
                    else:
                        poll.unregister(self.log)
                    continue
                try:
                    chunk = self.channel.recv(1 << 20)
                except OSError:
                    chunk = b""
                if not chunk:
                    self._read_log(log, last=True)
                    return None, log
                received += chunk
            if wanted is None and len(received) >= 4:  # noqa: PLR2004 - the length's own length
                wanted = 4 + struct.unpack(">I", received[:4])[0]
        self._read_log(log, last=True)
        return json.loads(received[4:]), log

    def _read_log(self, log: list[tuple[float, str]], *, last: bool = False) -> None:
        now = time.time()
        while True:
            try:
                chunk = os.read(self.log, 1 << 16)
            except (BlockingIOError, OSError):
                break
            if not chunk:
                break
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            log.extend((now, line.decode(errors="replace").replace("\r", "\n")) for line in lines)
        if last and self._partial:
            log.append((now, self._partial.decode(errors="replace")))
            self._partial = b""

    def kill(self) -> None:
        """End its process, whatever it does."""
        if self.pid > 0:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it and close what leads to it."""
        self.kill()
        self.channel.close()
        with contextlib.suppress(OSError):
            os.close(self.log)


class Pool:
    """
    All environments of a server.

    Args:
        slots: How many invocations run at once.
        runtime: A directory with what the runtime itself brings.
    """

    def __init__(self, *, slots: int, runtime: Path, python: str = sys.executable) -> None:
        self._slots = Slots(slots, STALLED_SECONDS)
        self._runtime = runtime
        self._python = python
        self._parents: dict[tuple[Path, ...], Parent] = {}
        self._idle: dict[Order, list[Environment]] = {}
        self._busy: set[Environment] = set()
        self._lock = threading.Lock()

    def invoke(
        self, order: Order, invocation: Invocation, extra: dict[str, str], *, death: Death = "none"
    ) -> Outcome:
        """
        Run one invocation.

        Args:
            order: What its environment is made from.
            invocation: The request.
            extra: Variables that don't make another environment of it.
            death: Whether its process is killed, and when.
        """
        self._slots.acquire()
        try:
            environment, fresh, log = self._take(order, extra)
            started = time.perf_counter()
            frame, failure = None, None
            if death == "early":
                environment.kill()
            try:
                frame, printed = environment.run(invocation)
                log += printed
                if death == "late":
                    frame = None  # the environment is dropped below, which kills it
            except TimeoutError as error:
                log += error.args[0]
                failure = {
                    "errorType": "Sandbox.Timedout",
                    "errorMessage": f"RequestId: {invocation.id} Error: Task timed out after "
                    f"{invocation.timeout:.2f} seconds",
                }
            duration = (time.perf_counter() - started) * 1000
            if frame is None and failure is None:
                failure = {
                    "errorType": "Runtime.ExitError",
                    "errorMessage": f"RequestId: {invocation.id} Error: Runtime exited without "
                    "providing a reason",
                }
            if frame is None:
                self._drop(environment)
            else:
                failure = frame.get("error")
                self._give_back(environment, usable=not frame.get("broken"))
            return Outcome(
                result=(frame or {}).get("ok"),
                error=failure,
                log=log,
                stream=environment.stream,
                duration_ms=duration,
                init_ms=environment.init_ms if fresh else None,
                memory_mb=int((frame or {}).get("memory_mb", 0)),
            )
        finally:
            self._slots.release()

    def warm(self, order: Order, extra: dict[str, str]) -> None:
        """Have one environment ready before anybody asks."""
        with self._lock:
            if self._idle.get(order):
                return
        environment, _, _ = self._take(order, extra)
        self._give_back(environment, usable=True)

    def _take(self, order: Order, extra: dict[str, str]) -> tuple[Environment, bool, list[tuple[float, str]]]:
        with self._lock:
            stale = self._sweep(order)
            waiting = self._idle.get(order)
            environment = waiting.pop() if waiting else None
            if environment is not None:
                self._busy.add(environment)
        for old in stale:
            old.end()
        if environment is not None:
            return environment, False, []
        environment = self._start(order, extra)
        with self._lock:
            self._busy.add(environment)
        return environment, True, environment.wait_ready()

    def _start(self, order: Order, extra: dict[str, str]) -> Environment:
        with self._lock:
            parent = self._parents.get(order.layers)
            if parent is None or not parent.alive:
                path = [layer / "python" for layer in order.layers]
                parent = self._parents[order.layers] = Parent(self._python, [*path, self._runtime])
        stream = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{uuid.uuid4().hex}"
        variables = dict(order.environment) | extra | {"AWS_LAMBDA_LOG_STREAM_NAME": stream}
        pid, channel, log = parent.fork(order, variables)
        return Environment(order, pid, channel, log, stream)

    def _sweep(self, order: Order) -> Iterable[Environment]:
        """Idle environments of an older version of this function, and surplus ones."""
        stale: list[Environment] = []
        now = time.monotonic()
        for other, environments in list(self._idle.items()):
            if other.function == order.function and other != order:
                stale += self._idle.pop(other)
                continue
            while len(environments) > 1 and now - environments[0].last_used > IDLE_SECONDS:
                stale.append(environments.pop(0))
        return stale

    def _give_back(self, environment: Environment, *, usable: bool) -> None:
        with self._lock:
            self._busy.discard(environment)
            if usable:
                self._idle.setdefault(environment.order, []).append(environment)
        if not usable:
            environment.end()

    def _drop(self, environment: Environment) -> None:
        self._give_back(environment, usable=False)

    def end(self) -> None:
        """End every environment and their parents."""
        with self._lock:
            parents, self._parents = list(self._parents.values()), {}
            environments = [one for idle in self._idle.values() for one in idle] + list(self._busy)
            self._idle.clear()
            self._busy.clear()
        for parent in parents:
            parent.end()
        for environment in environments:
            environment.pid = 0
            environment.end()
