"""
After an evaluation: how fast does the model's own server answer its sample request, and how many a second?

What is found lies beside the report as ``serving.json``. Nothing here fails an evaluation: where the server
does not start or does not answer, the file says so.
"""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from . import paths
from .records import SAMPLING_VARIABLE
from .serving import HOST_VARIABLE, PORT_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from .runtime_manifest import RuntimeManifest

FILE = "serving.json"
WARM_UP = 20
"""Requests that are not counted: caches fill, code is compiled."""
CLIENTS = 4
"""So many ask at once when the rate is measured."""
LONGEST_SECONDS = 20.0
"""For each of the two measurements; a slow model is measured by fewer requests."""
STOP_SECONDS = 10.0
PERCENTILES = (50, 90, 95, 99)
OK = 200


def measure(root: Path, manifest: RuntimeManifest) -> None:
    """Start ``entry serve`` on this machine alone, ask it, end it, and write what was found."""
    found: dict[str, Any] = {"model_bytes": _model_bytes()}
    try:
        found.update(_measured(root, manifest))
    except Exception as error:  # noqa: BLE001 - an evaluation that succeeded must not fail here
        found["problem"] = f"{type(error).__name__}: {error}"
    try:
        (paths.evaluation_output() / FILE).write_text(json.dumps(found), encoding="utf-8")
    except OSError as error:
        print(f"serving was measured, but {FILE} could not be written: {error}", file=sys.stderr)


def _model_bytes() -> int | None:
    try:
        return (paths.base() / "processing" / "model" / "model.tar.gz").stat().st_size
    except OSError:
        return None


def _measured(root: Path, manifest: RuntimeManifest) -> dict[str, Any]:
    model = paths.model()
    if not model.is_dir() or not any(model.iterdir()):
        model.mkdir(parents=True, exist_ok=True)
        paths.evaluation_model(model)
    port = _free_port()
    variables = dict(os.environ)
    variables[PORT_VARIABLE], variables[HOST_VARIABLE] = str(port), "127.0.0.1"
    variables[SAMPLING_VARIABLE] = "0"
    with tempfile.TemporaryFile() as output:
        server = subprocess.Popen(
            [sys.executable, str(root / "bin" / "entry"), "serve"],
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            began = time.monotonic()
            if not _healthy(server, port, began + manifest.startup_seconds):
                return {"problem": _why_not(server, output, manifest.startup_seconds)}
            started = time.monotonic() - began
            return {"startup_seconds": round(started, 3), **_asked(port, manifest)}
        finally:
            server.terminate()
            try:
                server.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _free_port() -> int:
    """A free port whose next one is free too: a server behind the front listens there."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def _healthy(server: subprocess.Popen[bytes], port: int, until: float) -> bool:
    while time.monotonic() < until and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/ping")
            if connection.getresponse().status == OK:
                return True
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.02)
    return False


def _why_not(server: subprocess.Popen[bytes], output: Any, seconds: float) -> str:
    output.seek(0)
    words = output.read().decode("utf-8", "replace").strip()[-500:]
    code = server.poll()
    how = f"ended with exit code {code}" if code is not None else f"did not answer /ping in {seconds:g} s"
    return f"the server {how}" + (f": {words}" if words else "")


def _asked(port: int, manifest: RuntimeManifest) -> dict[str, Any]:
    client = Client(port, manifest.sample)
    for _ in range(WARM_UP):
        client.ask()
    alone, failed = _alone(client, manifest.serving_requests)
    if failed:
        return {"problem": f"{failed} of {len(alone)} requests failed, the last one with {client.problem}"}
    alone.sort()
    rate, failed = _together(port, manifest)
    if failed:
        return {"problem": f"{failed} requests failed when {CLIENTS} asked at once"}
    latency = {f"p{p}": alone[math.ceil(p / 100 * len(alone)) - 1] * 1000 for p in PERCENTILES}
    return {
        "requests": len(alone),
        "latency_ms": {name: round(value, 4) for name, value in latency.items()},
        "requests_per_second": round(rate, 3),
        "predictions_per_request": client.predictions,
    }


def _alone(client: Client, requests: int) -> tuple[list[float], int]:
    """Seconds of each request, one after the other, and how many failed."""
    until, failed = time.monotonic() + LONGEST_SECONDS, 0
    taken: list[float] = []
    while len(taken) < requests and time.monotonic() < until:
        began = time.perf_counter()
        failed += not client.ask()
        taken.append(time.perf_counter() - began)
    return taken, failed


def _together(port: int, manifest: RuntimeManifest) -> tuple[float, int]:
    """Requests a second when several ask at once, and how many failed."""
    answered: list[int] = []
    failures: list[int] = []

    def ask() -> None:
        client = Client(port, manifest.sample)
        taken, failed = _alone(client, max(1, manifest.serving_requests // CLIENTS))
        answered.append(len(taken))
        failures.append(failed)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / (time.perf_counter() - began), sum(failures)


class Client:
    """Asks the server for the sample's prediction, on one connection as long as that stays open."""

    def __init__(self, port: int, sample: dict[str, str]) -> None:
        """Take the sample of the manifest."""
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._body = sample.get("body", "").encode()
        self._headers = {
            "Content-Type": sample.get("content_type", "application/json"),
            "Accept": sample.get("accept", "application/json"),
        }
        self.problem = ""
        """Why the last request that failed did."""
        self.predictions = 1
        """How many there were in the last answer."""

    def ask(self) -> bool:
        """Whether the answer was 200."""
        try:
            self._connection.request("POST", "/invocations", self._body, self._headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            self.problem = f"{type(error).__name__}: {error}"
            return False
        if answer.status != OK:
            self.problem = f"status {answer.status}"
            return False
        self.predictions = _count(content)
        return True


def _count(content: bytes) -> int:
    """
    How many predictions an answer holds: those of a list; anything else is one.

    >>> _count(b'{"predictions": [1, 2]}'), _count(b"0.5"), _count(b"[[1], [2], [3]]")
    (2, 1, 3)
    """
    try:
        answer = json.loads(content)
    except ValueError:
        return 1
    listed = answer.get("predictions") if isinstance(answer, dict) else answer
    return len(listed) if isinstance(listed, list) and listed else 1
