"""OTLP over HTTP: to a real collector, and to one that misbehaves."""

from __future__ import annotations

import ctypes
import gzip
import json
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slipway.adapters.otlp_collector import OtlpCollector, TelemetryNotReachedError
from slipway.domain.telemetry import otlp
from slipway.domain.telemetry.spans import Span, Trace, span_id, trace_id
from tests.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PR_SET_PDEATHSIG = 1
"""As linux/prctl.h has it."""
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OF = otlp.resource(environment="dev", region="eu-west-1", account="123456789012")


def a_trace() -> Trace:
    """A release whose training failed."""
    root_id, train_id = span_id("release", "1"), span_id("execution", "Train")
    end = START + timedelta(seconds=3)
    root = Span(
        "release pricing/hotel-rates", root_id, "", START, end, "error", "no data", {"n": 3, "x": True}
    )
    failed = {"slipway.job.name": "hotel-rates-1", "error.type": "Boom"}
    train = Span("Train", train_id, root_id, START, end, "error", "no data", failed)
    return Trace(trace_id("release", "1"), (root, train))


def points() -> list[otlp.Point]:
    end = START + timedelta(seconds=42)
    return [
        otlp.Point("slipway.release.duration", "s", "histogram", 42.0, START, end, {"slipway.model": "m"}),
        otlp.Point("slipway.steps.failed", "{step}", "sum", 1.0, START, end),
        otlp.Point("slipway.endpoint.cpu", "%", "gauge", 12.5, START, end),
    ]


def _end_with_parent() -> None:
    """In the child: whatever ends the tests ends it too (Linux, which alone has a wheel of it)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class RealCollector:
    """Rotel, an OpenTelemetry collector that the development requirements bring, as a process of its own."""

    def __init__(self, folder: Path) -> None:
        import rotel  # noqa: PLC0415 - only where there is one

        agent = Path(rotel.__file__).with_name("rotel-agent")
        self.port = free_port()
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    agent,
                    "start",
                    *("--otlp-http-endpoint", f"127.0.0.1:{self.port}"),
                    *("--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}"),
                    *("--exporter", "blackhole"),
                    *("--debug-log", "traces", "--debug-log", "metrics", "--debug-log-verbosity", "detailed"),
                    *("--pid-file", folder / "pid", "--log-file", folder / "log"),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one C function, no locks
            )

    def said(self, *parts: str) -> str:
        """What it printed, once all parts are in it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = self.output.read_text()
            if all(part in text for part in parts):
                return text
            assert self.process.poll() is None, text
            time.sleep(0.05)
        raise AssertionError(f"{parts} are not all in: {self.output.read_text()}")


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCollector]:
    pytest.importorskip("rotel", reason="no wheel of the collector for this Python or machine")
    real = RealCollector(tmp_path_factory.mktemp("collector"))
    real.said("Starting Rotel")
    yield real
    real.process.terminate()
    real.process.wait(10)


def sink(port: int, headers: str = "") -> OtlpCollector:
    return OtlpCollector(f"http://127.0.0.1:{port}", lambda: headers, sleep=lambda _seconds: None)


def sent(port: int, send: Any) -> None:
    """Try until the collector listens."""
    for _ in range(100):
        try:
            send()
        except TelemetryNotReachedError as error:
            if error.status:
                raise
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens on {port}")


@pytest.mark.skipif(sys.platform != "linux", reason="the collector's wheels are for Linux")
class TestRealCollector:
    def test_takes_our_traces(self, collector: RealCollector) -> None:
        """
        It reads ids, names, parents, times, status, attributes and the resource as we meant them.
        """
        trace = a_trace()
        sent(collector.port, lambda: sink(collector.port).send_traces(otlp.traces([trace], OF)))

        said = collector.said(trace.trace_id, "Name           : Train")
        assert "service.name: Str(slipway)" in said
        assert f"Parent ID      : {trace.root.span_id}" in said
        assert "Name           : release pricing/hotel-rates" in said
        assert f"Start time: {otlp.nanoseconds(START)}" in said
        assert "slipway.job.name" in said

    def test_takes_our_metrics(self, collector: RealCollector) -> None:
        """
        Histograms, sums and gauges.
        """
        sent(collector.port, lambda: sink(collector.port).send_metrics(otlp.metrics(points(), OF)))

        collector.said("slipway.release.duration", "slipway.steps.failed", "slipway.endpoint.cpu")


class OddCollector:
    """Answers as it is told, and keeps what it got."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        answers_left = list(answers)
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, dict(self.headers.items()), body))
                status, text = answers_left.pop(0) if len(answers_left) > 1 else answers_left[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class TestOtlpCollector:
    def test_sends_its_headers_and_compresses_what_is_large(self) -> None:
        """
        Backends know us by headers from the secret, in OpenTelemetry's own notation.
        """
        odd = OddCollector((200, b"{}"))
        sink(odd.port, "api-key=s%20ecret").send_traces(otlp.traces([a_trace()], OF))

        ((path, headers, body),) = odd.got
        assert path == "/v1/traces"
        assert headers["api-key"] == "s ecret"
        assert headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(body)) == otlp.traces([a_trace()], OF)

    def test_tries_again_what_may_be_tried_again(self) -> None:
        """
        A collector that is busy is asked again; the third time it takes it.
        """
        odd = OddCollector((503, b"busy"), (429, b"slow"), (200, b""))
        sink(odd.port).send_metrics(otlp.metrics(points(), OF))

        assert len(odd.got) == 3

    @pytest.mark.parametrize(
        ("answer", "tries"),
        [
            ((503, b"busy"), 3),
            ((401, b"who are you"), 1),
            ((200, b'{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}'), 1),
        ],
    )
    def test_says_what_it_answered(self, answer: tuple[int, bytes], tries: int) -> None:
        """
        Busy for too long, refused, or refused in part: Lambda tries again, then it is a dead letter.
        """
        odd = OddCollector(answer)
        with pytest.raises(TelemetryNotReachedError) as caught:
            sink(odd.port, "api-key=secret").send_traces(otlp.traces([a_trace()], OF))

        assert len(odd.got) == tries
        assert "secret" not in str(caught.value).replace("the secret that holds", "")

    def test_nobody_listens(self) -> None:
        """
        No answer is an error, too.
        """
        with pytest.raises(TelemetryNotReachedError, match="answered nothing"):
            sink(free_port()).send_traces(otlp.traces([a_trace()], OF))
