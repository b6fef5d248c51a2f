"""The proxy that stands before a model's own server."""

from __future__ import annotations

import http.client
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.container.conftest import IDENTITY_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.container.conftest import Endpoint, Image


HEADER = "X-Amzn-SageMaker-Custom-Attributes"
FOREIGN = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = os.environ.get("PROTOCOL", "HTTP/1.1")

    def do_GET(self):
        self.answer(200, b"")

    def do_POST(self):
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else self.chunks()
        if body == b"die":
            os._exit(9)
        if body == b"hang up":
            self.close_connection = True
            return
        if body == b"half":
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"12345")
            self.close_connection = True
            return
        if body == b"stream":
            return self.stream()
        self.answer(500 if body == b"fail" else 200, body[::-1])

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Own", "kept")
        if body == b"own"[::-1]:
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", "trace=7")
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        self.send_response(200)
        if self.protocol_version == "HTTP/1.1":
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(3):
            piece = b"piece %d " % number
            if self.protocol_version == "HTTP/1.1":
                piece = b"%x\\r\\n%b\\r\\n" % (len(piece), piece)
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(0.2)
        if self.protocol_version == "HTTP/1.1":
            self.wfile.write(b"0\\r\\n\\r\\n")

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *arguments):
        pass

time.sleep(float(os.environ.get("START_SECONDS", "0")))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


@pytest.fixture(params=["HTTP/1.1", "HTTP/1.0"])
def foreign(request: pytest.FixtureRequest, serve: Callable[..., Endpoint]) -> Endpoint:
    """A server that knows nothing of Slipway, behind the front; with kept connections, and without."""
    return serve(FOREIGN, identity="proxy", PROTOCOL=request.param)


class TestFront:
    @pytest.mark.parametrize(("body", "status"), [(b"abc", 200), (b"fail", 500), (b"", 200)])
    def test_answers_pass_unchanged_but_for_the_identity(
        self, foreign: Endpoint, body: bytes, status: int
    ) -> None:
        """
        Status, headers and body are the server's; only the identity is added.
        """
        response, content = foreign.request("POST", "/invocations", body, content_type="image/png")

        assert (response.status, content) == (status, body[::-1])
        assert response.headers["X-Own"] == "kept"
        assert response.headers["Server"].startswith("BaseHTTP")
        assert response.headers[HEADER] == IDENTITY_VALUE

    def test_servers_own_attributes_stand_behind_the_identity(self, foreign: Endpoint) -> None:
        """
        Custom attributes that the server sets are not lost.
        """
        response, _ = foreign.request("POST", "/invocations", b"own")

        assert response.headers.get_all(HEADER) == [f"{IDENTITY_VALUE};trace=7"]

    def test_streams_pass_piece_by_piece(self, foreign: Endpoint) -> None:
        """
        The first piece of an answer is there long before the last.
        """
        connection = http.client.HTTPConnection("127.0.0.1", foreign.port, timeout=10)
        began = time.monotonic()
        connection.request("POST", "/invocations", b"stream")
        response = connection.getresponse()
        first = response.read(7)
        early = time.monotonic() - began
        rest = response.read()
        late = time.monotonic() - began
        connection.close()

        assert first + rest == b"piece 0 piece 1 piece 2 "
        assert response.headers[HEADER] == IDENTITY_VALUE
        assert late - early > 0.3

    def test_chunked_requests_pass(self, foreign: Endpoint) -> None:
        """
        A body without a declared length reaches the server.
        """
        assert foreign.invoke(iter([b"ab", b"c" * 70_000]))[1] == b"c" * 70_000 + b"ba"

    def test_large_bodies_pass(self, foreign: Endpoint) -> None:
        """
        Bodies of megabytes pass both ways, in pieces.
        """
        body = os.urandom(5_000_000)

        assert foreign.invoke(body) == (200, body[::-1])

    def test_records_hold_what_passed(self, foreign: Endpoint) -> None:
        """
        The record is that of every other model: input, output or exception, latency.
        """
        foreign.invoke(b"abc", x_amzn_sagemaker_inference_id="mine")
        foreign.invoke(b"fail")
        foreign.invoke(b"stream")
        foreign.stop()

        good, bad, streamed = foreign.records
        assert (good["request_id"], good["input"], good["output"]) == ("mine", "abc", "cba")
        assert (bad["input"], bad["exception"]) == ("fail", "liaf")
        assert streamed["output"] == "piece 0 piece 1 piece 2 "
        assert streamed["latency_ms"] > 300
        assert good["version"] == "1.0.0"

    def test_no_answer_becomes_502(self, foreign: Endpoint) -> None:
        """
        A server that closes without an answer gives 502 with the identity, and a record.
        """
        response, content = foreign.request("POST", "/invocations", b"hang up")
        foreign.stop()

        assert response.status == 502
        assert response.headers[HEADER] == IDENTITY_VALUE
        assert b"without an answer" in content
        assert "without an answer" in foreign.records[0]["exception"]

    def test_half_an_answer_is_not_passed_as_a_whole_one(self, foreign: Endpoint) -> None:
        """
        An answer that breaks off breaks off for the client too.
        """
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            foreign.request("POST", "/invocations", b"half")

    def test_pipelined_requests_are_answered_in_order(self, serve: Callable[..., Endpoint]) -> None:
        """
        Requests sent without waiting are passed one after another.
        """
        endpoint = serve(FOREIGN, identity="proxy")
        request = b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\n\r\n%03d"
        last = b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n"

        answer = endpoint.talk(b"".join(request % number for number in range(50)) + last)

        bodies = [part.rpartition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK")[1:]]
        assert bodies[:50] == [(b"%03d" % number)[::-1] for number in range(50)]


class TestLife:
    def test_unhealthy_until_the_server_is_up(self, serve: Callable[..., Endpoint]) -> None:
        """
        SageMaker sees 503 while the server starts, and 200 as soon as it answers.
        """
        endpoint = serve(FOREIGN, identity="proxy", healthy=False, START_SECONDS="1.5")
        deadline = time.monotonic() + 10
        while True:
            try:
                response, _ = endpoint.request("GET", "/ping")
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

        assert response.status == 503
        assert response.headers[HEADER] == IDENTITY_VALUE
        endpoint.wait_until_healthy()

    def test_ends_with_the_servers_exit_code(self, serve: Callable[..., Endpoint]) -> None:
        """
        A server that dies takes the container with it, so that SageMaker starts another one.
        """
        endpoint = serve(FOREIGN, identity="proxy")
        endpoint.request("POST", "/invocations", b"die")

        assert endpoint.process.wait(10) == 9
        assert "exit code 9" in endpoint.errors

    def test_signals_reach_the_server(self, serve: Callable[..., Endpoint]) -> None:
        """
        SIGTERM ends the server, and with it the front.
        """
        assert serve(FOREIGN, identity="proxy").stop(signal.SIGTERM) == 128 + signal.SIGTERM

    def test_missing_server_says_so(self, serve: Callable[..., Endpoint], image: Image) -> None:
        """
        An image without serve ends at once with the reason.
        """
        endpoint = serve("", identity="proxy", healthy=False)
        endpoint.process.wait(10)
        (image.root / "opt" / "program" / "serve").unlink()
        code, _, error = image.run("serve")

        assert code == 127
        assert "serve cannot be started" in error

    def test_own_server_behind_the_front_records_once(self, serve: Callable[..., Endpoint]) -> None:
        """
        The runtime's own server may stand behind the front: one header, one record.
        """
        text = "from slipway_container.serving import serve\nserve(lambda rows: [1.0 for row in rows])"
        endpoint = serve(text, identity="proxy")
        response, body = endpoint.request("POST", "/invocations", b"1,2", content_type="text/csv")
        endpoint.stop()

        assert body == b"1.0\n"
        assert response.headers.get_all(HEADER) == [IDENTITY_VALUE]
        assert len(endpoint.records) == 1
