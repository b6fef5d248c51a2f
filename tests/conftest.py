"""Fixtures that every room's tests may use."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_TIMEOUT_SECONDS = 60


@dataclass
class EmbeddedAws:
    """An embedded AWS that this test session started, with a home of its own."""

    endpoint_url: str
    home: Path
    pid: int
    account: str = "000000000000"
    region: str = "us-east-1"
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def registry(self) -> str:
        """Host and port of the OCI registry."""
        return urllib.parse.urlsplit(self.endpoint_url).netloc

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of the account's root; options (credentials) make another one."""
        import boto3  # noqa: PLC0415 - most tests don't need it

        if not options and service in self._clients:
            return self._clients[service]
        settings = {
            "region_name": self.region,
            "endpoint_url": self.endpoint_url,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        client = boto3.client(service, **(settings | options))
        if not options:
            self._clients[service] = client
        return client

    def get(self, name: str, **query: str) -> Any:
        """The JSON behind ``/_slipway/<name>``."""
        url = f"{self.endpoint_url}/_slipway/{name}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)

    def post(self, name: str, **document: Any) -> Any:
        """Post JSON to ``/_slipway/<name>``; the answer."""
        request = urllib.request.Request(
            f"{self.endpoint_url}/_slipway/{name}",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    @contextlib.contextmanager
    def speed(self, speed: float) -> Iterator[None]:
        """Let SageMaker's waits pass so many times faster meanwhile."""
        before = self.get("speed")["speed"]
        self.post("speed", speed=speed)
        try:
            yield
        finally:
            self.post("speed", speed=before)

    def inbox(self, **query: str) -> list[dict[str, Any]]:
        """Mail: ``id``, ``to``, ``subject``, ``body``, ``topic``, ``at``."""
        return list(self.get("inbox", **query))

    def audit(self, **query: str) -> list[dict[str, Any]]:
        """Decisions of IAM: ``principal``, ``action``, ``resource``, ``decision``, ``count``."""
        return list(self.get("audit", **query))


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_embedded_aws(home: Path, *, port: int | None = None) -> tuple[EmbeddedAws, subprocess.Popen[bytes]]:
    """Start a server and wait until it answers; it ends with this process."""
    port = port or free_port()
    home.mkdir(parents=True, exist_ok=True)
    where = ("--port", str(port), "--home", str(home))
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench.local.server", "--with-parent", *where],
            stdout=log,
            stderr=log,
            env={key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
            | {"SLIPWAY_STOP_GRACE_SECONDS": "2"},  # AWS gives a program two minutes to stop
        )
    described = home / "server.json"
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not (described.exists() and json.loads(described.read_text())["pid"] == process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"the embedded AWS did not start:\n{(home / 'server.log').read_text()[-4000:]}"
            )
        time.sleep(0.02)
    return EmbeddedAws(f"http://127.0.0.1:{port}", home, process.pid), process


@pytest.fixture
def start_aws() -> Iterator[Callable[..., tuple[EmbeddedAws, subprocess.Popen[bytes]]]]:
    """Starts servers of a test's own, by home and port; all end with the test."""
    processes = []

    def start(home: Path, **options: Any) -> tuple[EmbeddedAws, subprocess.Popen[bytes]]:
        server, process = start_embedded_aws(home, **options)
        processes.append(process)
        return server, process

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    """One embedded AWS for the session (for each worker of pytest-xdist): use names of your own in it."""
    with tempfile.TemporaryDirectory(prefix="slipway-test-", ignore_cleanup_errors=True) as folder:
        server, process = start_embedded_aws(Path(folder))
        yield server
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
