"""
Requests per second and latency of the sample models' servers, beside Flask on gunicorn.

    python -m benchmarks.serving

One worker each, 16 clients that keep their connections, one row a request, in JSON and in CSV. All servers
run at once and are measured in turn, round after round, so that a noisy neighbour hits all of them; medians
are reported. The sample servers write their prediction records to a file, as SageMaker reads them from a
pipe. gunicorn runs as it does by default (one synchronous worker); with threads it was slower here.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
CLIENTS = 16
ROUNDS = 5
SECONDS = 2.0
"""Of each measurement."""
START_SECONDS = 60
SAME = 1e-9
PEER = "flask + gunicorn"
JSON, CSV = "application/json", "text/csv"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample model, and the data set version that it is trained on here."""

    name: str
    data_set: str
    module: str


SAMPLES = (
    Sample("hotel-rates", "hotel-rates/1.1.0", "hotel_rates.training"),
    Sample("flight-delays", "flights/1.0.0", "flight_delays.training"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    model: str
    port: int
    process: subprocess.Popen[bytes]


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, Any]:
    """
    Measure every server in every content type.

    Returns:
        ``{"servers": {server: {content type: {"requests_per_second", "p50_ms", "p99_ms",
        "p99_ms_of_quietest_round", "cpu_us_per_request", "errors"}}}, "times_flask": {server: {content type:
        ratio of requests per second}}, "times_flask_per_cpu_second": …, "resident_megabytes": …}``.
        Where others use the machine, the median p99 tells how long a process waits for a core; the
        quietest round and the processor time are the server's own.

    """
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        home = Path(folder)
        servers: list[Server] = []
        try:
            bodies: dict[tuple[str, str], Path] = {}
            for sample in SAMPLES:
                prepare(sample, home)
                for content_type, body in sample_bodies(sample).items():
                    bodies[sample.name, content_type] = file = (
                        home / f"{sample.name}-{content_type[-4:].strip('/')}"
                    )
                    file.write_bytes(body)
                servers += start_all(sample, home)
            for server in servers:
                wait_until_healthy(server)
            compare_answers(servers, bodies)
            measured = [
                (
                    server,
                    content_type,
                    load(server, content_type, bodies[server.model, content_type], seconds),
                )
                for _ in range(rounds)
                for content_type in (JSON, CSV)
                for server in servers
            ]
            memory = {server.name: resident_megabytes(server.process.pid) for server in servers}
        finally:
            for server in servers:
                server.process.terminate()
            for server in servers:
                server.process.wait(30)
    return report(measured, memory)


def report(measured: list[tuple[Server, str, dict[str, float]]], memory: dict[str, float]) -> dict[str, Any]:
    """Medians over the rounds, and ratios to Flask with the same model."""
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for server, content_type, _ in measured:
        own = [
            figure for other, other_type, figure in measured if (other, other_type) == (server, content_type)
        ]
        figures.setdefault(server.name, {})[content_type] = {
            "requests_per_second": statistics.median(figure["requests_per_second"] for figure in own),
            "p50_ms": statistics.median(figure["p50_ms"] for figure in own),
            "p99_ms": statistics.median(figure["p99_ms"] for figure in own),
            "p99_ms_of_quietest_round": min(figure["p99_ms"] for figure in own),
            "cpu_us_per_request": round(statistics.median(figure["cpu_us_per_request"] for figure in own), 1),
            "errors": sum(figure["errors"] for figure in own),
        }
    models = {server.name: server.model for server, _, _ in measured}

    def ratios(of: str, power: int) -> dict[str, dict[str, float]]:
        return {
            name: {
                content_type: round(
                    (figure[of] / figures[f"{models[name]}: {PEER}"][content_type][of]) ** power, 1
                )
                for content_type, figure in by_type.items()
            }
            for name, by_type in figures.items()
        }

    return {
        "clients": CLIENTS,
        "servers": figures,
        "times_flask": ratios("requests_per_second", 1),
        "times_flask_per_cpu_second": ratios("cpu_us_per_request", -1),
        "resident_megabytes": memory,
    }


def prepare(sample: Sample, home: Path) -> None:
    """Write the data set and train the model as a job would, and the peer's pipeline."""
    program = ROOT / "models" / sample.name
    data, base = home / "data", home / sample.name / "ml"
    subprocess.run([sys.executable, str(program / "data.py"), str(data)], check=True)
    (base / "input" / "data").mkdir(parents=True)
    (base / "input" / "data" / "train").symlink_to(data / sample.data_set)
    image(sample, home, "native")
    image(sample, home, "proxy")
    entry = str(home / sample.name / "native" / "slipway" / "bin" / "entry")
    quiet = {"stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, entry, "train"], env=variables(sample, home), check=True, **quiet)
    peer = [sys.executable, "-m", "benchmarks._flask_server", sample.module]
    subprocess.run(
        [*peer, str(data / sample.data_set), str(home / sample.name / "pipeline")],
        env=variables(sample, home),
        cwd=ROOT,
        check=True,
    )


def image(sample: Sample, home: Path, identity: str) -> None:
    """The runtime as it lies in an image, with a manifest of its own."""
    runtime = home / sample.name / identity / "slipway"
    shutil.copytree(ROOT / "container", runtime, ignore=shutil.ignore_patterns("__pycache__"))
    (runtime / "manifest.json").write_text(json.dumps({"serving": {"identity": identity}}))


def variables(sample: Sample, home: Path, **more: str) -> dict[str, str]:
    """The environment of a model's programs."""
    program = ROOT / "models" / sample.name
    identity = {
        "project": "bench",
        "model": sample.name,
        "version": "1.0.0",
        "image_digest": "sha256:" + "0" * 64,
    }
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{program}{os.pathsep}{ROOT / 'container' / 'lib'}",
        "SAGEMAKER_BASE_DIR": str(home / sample.name / "ml"),
        "SLIPWAY_PROGRAM": str(program),
        "SLIPWAY_BIND_HOST": "127.0.0.1",
        "SLIPWAY_IDENTITY": json.dumps(identity),
        **more,
    }


def start_all(sample: Sample, home: Path) -> Iterator[Server]:
    """Start the server itself, the same behind the front, and the peer."""
    for identity, name in (("native", "slipway"), ("proxy", "slipway behind the front")):
        port = free_port()
        entry = str(home / sample.name / identity / "slipway" / "bin" / "entry")
        with (home / f"{sample.name}-{identity}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, entry, "serve"],
                env=variables(sample, home, SAGEMAKER_BIND_TO_PORT=str(port)),
                stdout=log,
                stderr=log,
            )
        yield Server(f"{sample.name}: {name}", sample.name, port, process)
    port = free_port()
    peer = {
        "SLIPWAY_PEER_MODULE": sample.module,
        "SLIPWAY_PEER_PIPELINE": str(home / sample.name / "pipeline"),
        "OMP_NUM_THREADS": "1",  # one core each; more threads wait for each other under load
    }
    with (home / f"{sample.name}-flask.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--workers", "1", "--worker-class", "sync",
             "--bind", f"127.0.0.1:{port}", "benchmarks._flask_server:app"],
            env=variables(sample, home, **peer),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )  # fmt: skip
    yield Server(f"{sample.name}: {PEER}", sample.name, port, process)


def sample_bodies(sample: Sample) -> dict[str, bytes]:
    """The manifest's sample request by content type."""
    manifest = tomllib.loads((ROOT / "models" / sample.name / "slipway.toml").read_text(encoding="utf-8"))
    body = manifest["serving"]["sample"]["body"]
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(json.loads(body)["instances"][0])
    return {JSON: body.encode(), CSV: line.getvalue().encode()}


def load(server: Server, content_type: str, body: Path, seconds: float) -> dict[str, float]:
    """One measurement."""
    generator = [sys.executable, "-m", "benchmarks._load_generator"]
    arguments = [str(server.port), content_type, str(body), str(seconds), str(CLIENTS)]
    before = processor_seconds(server.process.pid)
    done = subprocess.run([*generator, *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figure: dict[str, float] = json.loads(done.stdout)
    used = processor_seconds(server.process.pid) - before
    figure["cpu_us_per_request"] = used * 1e6 / figure["answers"]
    return figure


def compare_answers(servers: list[Server], bodies: dict[tuple[str, str], Path]) -> None:
    """Faster is no merit if the prediction differs: all servers of a model must give the same."""
    for (model, content_type), body in bodies.items():
        answers = []
        for server in servers:
            if server.model == model:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{server.port}/invocations",
                    body.read_bytes(),
                    {"Content-Type": content_type, "Accept": content_type},
                )
                with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own servers
                    text = response.read()
                answers.append(float(text) if content_type == CSV else json.loads(text)["predictions"][0])
        if max(answers) - min(answers) > SAME:
            raise AssertionError(f"the servers of {model} predict different things: {answers}")


def wait_until_healthy(server: Server) -> None:
    """Wait for /ping to answer 200; raises TimeoutError."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/ping", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{server.name} did not come up on port {server.port}")


def processor_seconds(pid: int) -> float:
    """Processor time of a process and its children so far, user and system."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_seconds(int(child)) for child in children)


def resident_megabytes(pid: int) -> float:
    """Memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    own = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return round(own + sum(resident_megabytes(int(child)) for child in children), 1)


def free_port() -> int:
    """A port that is free, and so is the next one, on which a front's server listens."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
