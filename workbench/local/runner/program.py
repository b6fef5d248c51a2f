"""One running program of a model image, with its output, its connections and its end."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.local.runner.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.local.runner.capabilities import Capabilities

SANDBOX: Final = Path(__file__).with_name("sandbox.py")
HOSTNAME: Final = "algo-1"
PYTHON_ROOT: Final = "/opt/python"
PYTHON_DIRECTORY: Final = f"{PYTHON_ROOT}/bin"
"""Where images without a root file system find ``python`` and ``python3``: links to our own interpreter."""
_READY_SECONDS: Final = 30.0


class ProgramError(SlipwayError):
    """A program could not be started or reached."""

    def __init__(self, command: tuple[str, ...], reason: str) -> None:
        super().__init__(f"{' '.join(command)}: {reason}")
        self.command, self.reason = command, reason


@dataclass(frozen=True, slots=True)
class Bind:
    """A directory of this machine that the program sees, read-only."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is run and what it sees.

    ``work/ml/<name>`` is mounted read/write at ``/opt/ml/<name>``. ``relay`` is the port of the embedded AWS,
    made reachable at the same port of the private network; None for none.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    working_directory: str
    work: Path
    rootfs: Path | None
    binds: tuple[Bind, ...]
    relay: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; ``exit_code`` is 128 + N for one that signal N ended."""

    exit_code: int
    peak_memory_kib: int | None = None


def _ignore(_line: str) -> None:
    return


def interpreter_links(work: Path) -> Path:
    """A directory whose ``python`` and ``python3`` are our own interpreter, without its packages."""
    directory = work / "python" / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    base = str(getattr(sys, "_base_executable", None) or sys.executable)
    # A virtual environment without packages: our own, and those of the interpreter, are not the image's.
    configuration = f"home = {Path(base).parent}\ninclude-system-site-packages = false\n"
    (work / "python" / "pyvenv.cfg").write_text(configuration, encoding="utf-8")
    for name in ("python", "python3", f"python{sys.version_info.major}.{sys.version_info.minor}"):
        with contextlib.suppress(FileExistsError):
            (directory / name).symlink_to(base)
    return directory


@dataclass(slots=True)
class _Streams:
    line: Callable[[str], None]
    thread: threading.Thread | None = None
    tail: list[str] = field(default_factory=list)


class Program:
    """
    A program that runs from construction on.

    Args:
        plan: What to run.
        capabilities: Whether it gets namespaces.
        line: Called with each line of its standard output and error, from one thread.

    Raises:
        ProgramError: The namespaces or mounts could not be made.
    """

    def __init__(self, plan: Plan, capabilities: Capabilities, line: Callable[[str], None] = _ignore) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self._ended: Ended | None = None
        self._peak: int | None = None
        self._relay: Relay | None = None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SANDBOX), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd="/",
            )
        self._streams = _Streams(line)
        document = json.dumps(self._document(capabilities)).encode()
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).write(document)
            _pipe(self._process.stdin).close()
        self._streams.thread = threading.Thread(target=self._read, name="program-output", daemon=True)
        self._streams.thread.start()
        try:
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Of the process that stands for it on this machine."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def _document(self, capabilities: Capabilities) -> dict[str, Any]:
        plan = self._plan
        binds = [[str(b.source), b.target, True] for b in plan.binds]
        keep: list[str] = []
        if capabilities.namespaces:
            binds += [[str(d), f"/opt/ml/{d.name}", False] for d in sorted((plan.work / "ml").iterdir())]
            if plan.rootfs is None:
                binds.append([str(interpreter_links(plan.work).parent), PYTHON_ROOT, True])
                keep = sorted({sys.base_prefix, str(Path(sys.base_prefix).resolve())})
        return {
            "command": list(plan.command),
            "environment": dict(plan.environment),
            "cwd": plan.working_directory,
            "namespaces": capabilities.namespaces,
            "user_namespace": capabilities.user_namespace,
            "rootfs": str(plan.rootfs) if plan.rootfs else None,
            "binds": binds,
            "keep": keep,
            "hostname": HOSTNAME,
            "relay_port": plan.relay if capabilities.namespaces else None,
        }

    def _await_ready(self) -> None:
        self._control.settimeout(_READY_SECONDS)
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
        except OSError as error:
            raise ProgramError(self._plan.command, f"its sandbox did not start: {error}") from error
        answer = json.loads(message or b'{"ready": false, "reason": "its sandbox ended at once"}')
        if not answer["ready"]:
            raise ProgramError(self._plan.command, answer["reason"])
        if descriptors and self._plan.relay is not None:
            self._relay = Relay(socket.socket(fileno=descriptors[0]), self._plan.relay)

    def _read(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            for raw in _pipe(self._process.stdout):
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                with contextlib.suppress(Exception):
                    self._streams.line(text)

    def connect(self, port: int) -> socket.socket | None:
        """
        A new connection to ``127.0.0.1:port`` of the program's own network; None when nothing listens.

        The socket is a kernel object handed over by the first process: nothing stands between.
        """
        with self._lock:
            if not self.running:
                return None
            try:
                self._control.send(json.dumps({"do": "connect", "port": port}).encode())
                while True:
                    message, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
                    if not message:
                        return None
                    answer = json.loads(message)
                    if "exit" in answer:
                        self._peak = answer["peak_memory_kib"]
                        return None
                    return socket.socket(fileno=descriptors[0]) if descriptors else None
            except OSError:
                return None

    def signal(self, number: int) -> None:
        """Signal the program itself, not what it has started."""
        with self._lock, contextlib.suppress(OSError):
            self._control.send(json.dumps({"do": "signal", "number": number}).encode())

    def wait(self, seconds: float | None = None) -> Ended | None:
        """How it ended, all its output read; None when it still runs after ``seconds``."""
        if self._ended is not None:
            return self._ended
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        if self._streams.thread is not None and self._streams.thread is not threading.current_thread():
            self._streams.thread.join(5.0)
        with self._lock:
            if self._ended is None:
                self._drain_control()
                self._ended = Ended(code if code >= 0 else 128 - code, self._peak)
                self._close()
        return self._ended

    def _drain_control(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._control.setblocking(False)
            while message := self._control.recv(65536):
                self._peak = json.loads(message).get("peak_memory_kib", self._peak)

    def stop(self, grace_seconds: float) -> Ended:
        """SIGTERM to the program, then the end of all of it when it still runs after the grace period."""
        self.signal(signal.SIGTERM)
        ended = self.wait(grace_seconds)
        if ended is None:
            self.kill()
            ended = self.wait()
        return ended or Ended(128 + signal.SIGKILL)

    def kill(self) -> None:
        """End the program and everything that it has started, now."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + 2.0
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        self._control.close()
        if self._relay is not None:
            self._relay.close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the program was started without pipes")
    return stream
