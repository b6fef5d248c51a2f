"""Starts the container's entry point on programs that tests write."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNTIME = Path(__file__).parents[2] / "container"
sys.path.insert(0, str(RUNTIME / "lib"))  # as the entry point does inside an image

IDENTITY = {
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.0.0",
    "image_digest": "sha256:" + "ab" * 32,
    "data_version": "hotel-rates:1.0.0",
}
IDENTITY_VALUE = (
    f"project=pricing;model=hotel-rates;version=1.0.0;image=sha256:{'ab' * 32};data=hotel-rates:1.0.0"
)
START_SECONDS = 20


def free_port() -> int:
    """A port that is free, and so is the next one, where a front's server listens."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return int(port)


@dataclass
class Image:
    """An image's file system below a directory: the runtime, a manifest, and the programs."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def ml(self) -> Path:
        """What stands for /opt/ml."""
        return self.root / "ml"

    def program(self, name: str, text: str) -> None:
        """Write an executable program."""
        file = self.root / "opt" / "program" / name
        file.write_text(f"#!{sys.executable}\n{text}")
        file.chmod(0o755)

    def manifest(self, document: dict[str, Any]) -> None:
        """Write the manifest that the image builder writes."""
        (self.root / "opt" / "slipway" / "manifest.json").write_text(json.dumps(document))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Run the entry point."""
        entry = self.root / "opt" / "slipway" / "bin" / "entry"
        variables = {
            **os.environ,
            "SAGEMAKER_BASE_DIR": str(self.ml),
            "SLIPWAY_BIND_HOST": "127.0.0.1",
            "SLIPWAY_IDENTITY": json.dumps(IDENTITY),
            **self.variables,
        }
        return subprocess.Popen(
            [sys.executable, str(entry), *arguments],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the entry point to its end: exit code, standard output and error."""
        done = self.start(*arguments)
        out, error = done.communicate(timeout=30)
        return done.returncode, out.decode(), error.decode()


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image without programs."""
    (tmp_path / "opt" / "program").mkdir(parents=True)
    shutil.copytree(RUNTIME, tmp_path / "opt" / "slipway", ignore=shutil.ignore_patterns("__pycache__"))
    return Image(tmp_path)


@dataclass
class Endpoint:
    """A serving container that this test started."""

    process: subprocess.Popen[bytes]
    port: int
    _output: list[bytes] = field(default_factory=list)
    _errors: list[bytes] = field(default_factory=list)
    _readers: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        for stream, lines in ((self.process.stdout, self._output), (self.process.stderr, self._errors)):
            reader = threading.Thread(target=lambda s=stream, ls=lines: ls.extend(s), daemon=True)
            reader.start()
            self._readers.append(reader)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own; header names with underscores for hyphens."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def invoke(self, body: Any, content_type: str = "application/json", **headers: str) -> tuple[int, bytes]:
        """POST /invocations: status and body."""
        response, content = self.request("POST", "/invocations", body, content_type=content_type, **headers)
        return response.status, content

    def talk(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """Send pieces on one connection and read until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer

    def wait_until_healthy(self) -> None:
        """Wait for /ping to answer 200."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.request("GET", "/ping")[0].status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"never healthy: {self.errors}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end: the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(15)
        for reader in self._readers:
            reader.join(5)
        return code

    @property
    def errors(self) -> str:
        """What it wrote to standard error so far."""
        return b"".join(self._errors).decode()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The prediction records that it wrote so far."""
        return [json.loads(line) for line in self._output if line.startswith(b"{")]


@pytest.fixture
def serve(image: Image) -> Iterator[Callable[..., Endpoint]]:
    """Start ``serve`` with the given text in an image of the given identity kind."""
    started: list[Endpoint] = []

    def start(text: str, *, identity: str, healthy: bool = True, **variables: str) -> Endpoint:
        image.program("serve", text)
        image.manifest({"serving": {"identity": identity}})
        port = free_port()
        image.variables = {"SAGEMAKER_BIND_TO_PORT": str(port), **variables}
        endpoint = Endpoint(image.start("serve"), port)
        started.append(endpoint)
        if healthy:
            endpoint.wait_until_healthy()
        return endpoint

    yield start
    for endpoint in started:
        if endpoint.process.poll() is None:
            endpoint.process.terminate()
            try:
                endpoint.process.wait(5)
            except subprocess.TimeoutExpired:
                endpoint.process.kill()
                endpoint.process.wait()
