"""SageMaker's serving contract, by the runtime's own server."""

from __future__ import annotations

import json
import socket
import threading
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.container.conftest import IDENTITY_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.container.conftest import Endpoint


ADDING = """
import sys, time
from slipway_container.codecs import InvalidRequestError
from slipway_container.serving import serve

def predict(rows):
    if rows[0][0] == "slow":
        time.sleep(0.5)
        return [0.0]
    if rows[0][0] == "odd":
        raise InvalidRequestError("a is odd")
    return [float(a) + float(b) for a, b in rows]

serve(predict, columns=["a", "b"], max_body_bytes=1000)
"""
HEADER = "X-Amzn-SageMaker-Custom-Attributes"


@pytest.fixture
def adding(serve: Callable[..., Endpoint]) -> Iterator[Endpoint]:
    """A server that adds two columns."""
    return serve(ADDING, identity="native")


class TestServer:
    def test_answers_json_and_csv(self, adding: Endpoint) -> None:
        """
        The answer is of the request's type unless the client accepts only the other.
        """
        assert adding.invoke(b'{"instances": [[1, 2], {"b": 1, "a": 0.5}]}') == (
            200,
            b'{"predictions": [3.0, 1.5]}',
        )
        assert adding.invoke(b"1,2\n3,4\n", "text/csv") == (200, b"3.0\n7.0\n")
        assert adding.invoke(b"1,2\n", "text/csv", accept="application/json") == (
            200,
            b'{"predictions": [3.0]}',
        )
        assert adding.invoke(b'{"instances": []}') == (200, b'{"predictions": []}')

    def test_ping_is_empty(self, adding: Endpoint) -> None:
        """
        GET /ping answers 200 with no body.
        """
        response, body = adding.request("GET", "/ping")

        assert (response.status, body) == (200, b"")

    @pytest.mark.parametrize(
        ("method", "path", "body", "content_type", "status"),
        [
            ("GET", "/ping", None, "", 200),
            ("POST", "/invocations", b"1,2", "text/csv", 200),
            ("POST", "/invocations", b"1", "text/csv", 400),
            ("POST", "/invocations", b"odd,1", "text/csv", 400),
            ("POST", "/invocations", b"x,1", "text/csv", 500),
            ("POST", "/invocations", b"<a/>", "application/xml", 415),
            ("POST", "/invocations", b"1," * 1000, "text/csv", 413),
            ("GET", "/invocations", None, "", 405),
            ("POST", "/ping", b"", "", 405),
            ("GET", "/metrics", None, "", 404),
        ],
    )
    def test_every_answer_says_which_model_it_is(
        self, adding: Endpoint, method: str, path: str, body: bytes | None, content_type: str, status: int
    ) -> None:
        """
        The identity stands in answers and errors alike.
        """
        response, content = adding.request(method, path, body, content_type=content_type)

        assert response.status == status
        assert response.headers[HEADER] == IDENTITY_VALUE
        if status >= 400:
            assert json.loads(content)["error"]

    def test_unreadable_bytes_get_an_answer_too(self, adding: Endpoint) -> None:
        """
        What is no HTTP is answered with 400 and the identity, and the connection closed.
        """
        answer = adding.talk(b"\x16\x03\x01 hello\r\n\r\n")

        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert IDENTITY_VALUE.encode() in answer

    def test_pipelined_requests_are_answered_in_order(self, adding: Endpoint) -> None:
        """
        Requests sent without waiting are all answered, in their order.
        """
        request = b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n%b"
        bodies = [b"%d,1" % number for number in range(200)]
        last = b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n"

        answer = adding.talk(b"".join(request % (len(body), body) for body in bodies) + last)

        numbers = [line for line in answer.split(b"\n") if line.endswith(b".0")]
        assert numbers == [b"%d.0" % (number + 1) for number in range(200)]
        assert answer.count(b"HTTP/1.1 200 OK") == 201

    def test_connection_is_kept_for_further_requests(self, adding: Endpoint) -> None:
        """
        A client sends one request after another on one connection.
        """
        connection = HTTPConnection("127.0.0.1", adding.port, timeout=10)
        connection.connect()
        first = connection.sock
        for number in range(3):
            connection.request("POST", "/invocations", b"%d,1" % number, {"Content-Type": "text/csv"})
            assert connection.getresponse().read() == b"%d.0\n" % (number + 1)
            assert connection.sock is first
        connection.close()

    def test_client_that_asks_first_is_told_to_go_on(self, adding: Endpoint) -> None:
        """
        Expect: 100-continue gets its interim answer before the body is sent.
        """
        head = (
            b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: 3\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )

        answer = adding.talk(head, b"1,2", pause=0.2)

        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")

    def test_records_hold_every_request(self, adding: Endpoint) -> None:
        """
        One record per invocation, with the client's inference id if it sent one; none for /ping.
        """
        adding.invoke(b"1,2", "text/csv", x_amzn_sagemaker_inference_id="mine")
        adding.invoke(b"x,2", "text/csv")
        adding.stop()

        good, bad = adding.records
        assert (good["request_id"], good["input"], good["output"]) == ("mine", "1,2", "3.0\n")
        assert bad["exception"] == "ValueError: could not convert string to float: 'x'"
        assert (bad["project"], bad["model"], bad["version"]) == ("pricing", "hotel-rates", "1.0.0")
        assert "Traceback" in adding.errors

    def test_sigterm_answers_what_has_begun(self, adding: Endpoint) -> None:
        """
        A request that has begun to arrive is answered after SIGTERM; idle connections close; exit code 0.
        """
        idle = socket.create_connection(("127.0.0.1", adding.port), timeout=10)
        begun = socket.create_connection(("127.0.0.1", adding.port), timeout=10)
        begun.sendall(b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: 3\r\n\r\n1,")
        time.sleep(0.2)
        codes: list[int] = []
        stopping = threading.Thread(target=lambda: codes.append(adding.stop()))
        stopping.start()
        assert idle.recv(10) == b""
        begun.sendall(b"2")
        answer = begun.recv(4096)
        stopping.join(10)

        assert b"Connection: close" in answer
        assert answer.endswith(b"3.0\n")
        assert codes == [0]

    def test_falls_back_to_asyncio_without_uvloop(self, serve: Callable[..., Endpoint]) -> None:
        """
        Uvloop makes it faster; nothing needs it.
        """
        without = "import sys\nsys.modules['uvloop'] = None\n" + ADDING

        assert serve(without, identity="native").invoke(b"1,2", "text/csv") == (200, b"3.0\n")
