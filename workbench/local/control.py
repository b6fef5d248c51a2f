"""Starts and stops the embedded AWS of a home directory, and tells whether it runs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_PORT: Final = 4566
DEFAULT_ACCOUNT: Final = "000000000000"
DEFAULT_REGION: Final = "us-east-1"
START_SECONDS: Final = 60
STOP_SECONDS: Final = 20
POLL_SECONDS: Final = 0.02
MARKER: Final = "format"
"""A file that says: this directory is ours, and may be emptied."""
FORMAT: Final = "1"


class PortInUseError(SlipwayError):
    """Somebody else listens where the server should."""

    def __init__(self, port: int, owner: str | None) -> None:
        who = f"the embedded AWS of {owner}" if owner else "another program"
        way_out = f"stop it with `SLIPWAY_HOME={owner} slipway down`, or" if owner else "stop it, or"
        super().__init__(
            f"port {port} is in use by {who}; {way_out} choose another one: `slipway up --port N`"
        )
        self.port, self.owner = port, owner


class OtherPortError(SlipwayError):
    """The server of this home runs already, at another port than the one that was asked for."""

    def __init__(self, port: int, wanted: int) -> None:
        super().__init__(
            f"the embedded AWS runs at port {port} already; to move it to {wanted}, "
            "stop it first: `slipway down`"
        )
        self.port, self.wanted = port, wanted


class StartError(SlipwayError):
    """The server process ended or stayed silent."""

    def __init__(self, log: Path, tail: str) -> None:
        super().__init__(f"the embedded AWS did not start; the end of {log}:\n{tail}")
        self.log, self.tail = log, tail


class ForeignDirectoryError(SlipwayError):
    """A directory that the embedded AWS did not make is not emptied."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} holds files that are not the embedded AWS's (it has no file {MARKER!r}); "
            "set SLIPWAY_HOME to another directory, or empty it yourself"
        )
        self.path = path


class RefusedError(SlipwayError):
    """The server does not take what was posted; the text says why."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    pid: int
    port: int
    endpoint_url: str
    registry: str
    region: str
    account: str
    access_key_id: str
    secret_access_key: str
    started_at: float

    def get(self, name: str, timeout: float = 5) -> Any:
        """The JSON behind ``/_slipway/<name>``."""
        url = f"{self.endpoint_url}/_slipway/{name}"
        with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310 - our own server
            return json.load(response)

    def post(self, name: str, document: Mapping[str, Any], timeout: float = 10) -> Any:
        """
        Post JSON to ``/_slipway/<name>``; what is answered.

        Raises:
            RefusedError: The server does not take it.
        """
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.endpoint_url}/_slipway/{name}",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310 - likewise
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RefusedError(json.load(error)["error"]) from error


def running(home: Path) -> Running | None:
    """The server of this home, if it answers; a description that a killed server left is taken away."""
    path = home / "server.json"
    try:
        described = Running(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if is_alive(described.pid) and owner_of(described.port) == str(home):
        return described
    if not is_alive(described.pid):
        path.unlink(missing_ok=True)
    return None


def owner_of(port: int) -> str | None:
    """The home of the embedded AWS at a port; None when there is none."""
    url = f"http://127.0.0.1:{port}/_slipway/health"
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return str(json.load(response)["home"])
    except (OSError, ValueError, KeyError):
        return None


def is_alive(pid: int) -> bool:
    """Whether a process runs under this id (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        status = open(f"/proc/{pid}/stat").read()  # noqa: SIM115, PTH123 - one short read
        return status.rpartition(")")[2].split()[0] != "Z"
    return True


class Starting:
    """A server process that was just started; the caller may do something else meanwhile."""

    def __init__(self, home: Path, port: int, region: str) -> None:
        self._home = home
        self._log = home / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "workbench.local.server"),
                    *("--port", str(port), "--home", str(home), "--region", region),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            )

    def wait(self) -> Running:
        """
        The running server.

        Raises:
            StartError: It ended, or did not answer in time.
        """
        deadline = time.monotonic() + START_SECONDS
        path = self._home / "server.json"
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(FileNotFoundError, ValueError):
                if json.loads(path.read_text())["pid"] == self._process.pid:
                    return Running(**json.loads(path.read_text()))
            time.sleep(POLL_SECONDS)
        self._process.kill()
        raise StartError(self._log, self._log.read_text(errors="replace")[-2000:].strip())


def start(home: Path, *, port: int | None = None, region: str = DEFAULT_REGION) -> Running | Starting:
    """
    The server of this home: the running one, or one that starts now.

    It starts where it stood last, unless it is told otherwise.

    Raises:
        OtherPortError: It runs at another port than ``port``.
        PortInUseError: Somebody else listens at the port.
    """
    found = running(home)
    if found is not None:
        if port is not None and port != found.port:
            raise OtherPortError(found.port, port)
        return found
    port = port or last_port(home) or DEFAULT_PORT
    if not is_free(port):
        raise PortInUseError(port, owner_of(port))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / MARKER).exists():
        (home / MARKER).write_text(FORMAT)
    return Starting(home, port, region)


def last_port(home: Path) -> int | None:
    """The port at which this home's server stood last, if nobody has taken it since."""
    try:
        port = int((home / "state" / "address").read_text().rpartition(":")[2])
    except (FileNotFoundError, ValueError):
        return None
    return port if is_free(port) else None


def is_free(port: int) -> bool:
    """Whether a server could listen at this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def stop(home: Path, *, kill: bool = False) -> Running | None:
    """End the server and wait for it; what ran, or None. ``kill`` leaves it no time to tidy up."""
    found = running(home)
    if found is None:
        return None
    os.kill(found.pid, signal.SIGKILL if kill else signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(found.pid):
        if time.monotonic() > deadline:
            os.kill(found.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(found.pid, os.WNOHANG)
        time.sleep(POLL_SECONDS)
    (home / "server.json").unlink(missing_ok=True)
    return found


def erase(home: Path) -> None:
    """
    Take everything away that the server of this home kept.

    Raises:
        ForeignDirectoryError: The directory was not made by us.
    """
    if not home.exists() or not any(home.iterdir()):
        return
    if not (home / MARKER).exists():
        raise ForeignDirectoryError(home)
    for entry in home.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, onerror=_make_writable)
        else:
            entry.unlink()


def _make_writable(function: Any, path: str, _error: Any) -> None:
    """Images hold directories that forbid writing; ours to delete all the same."""
    parent = os.path.dirname(path)  # noqa: PTH120 - shutil hands over text
    for entry in (parent, path):
        with contextlib.suppress(OSError):
            os.chmod(entry, 0o700)  # noqa: PTH101 - likewise
    function(path)
