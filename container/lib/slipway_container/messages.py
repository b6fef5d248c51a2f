"""HTTP messages as bytes: their heads, and a reader that cuts a connection's bytes into requests."""

from __future__ import annotations

from .framing import Body, ChunkedBody, CountedBody, FramingError, declared_length, is_chunked

MAX_HEAD_BYTES = 65536
MAX_BODY_BYTES = 25 * 1024 * 1024
"""SageMaker's limit for the payload of a real-time endpoint."""

_END_OF_HEAD = b"\r\n\r\n"
_NO_BODY = b""


class BodyTooLargeError(FramingError):
    """The body is longer than the server takes."""


class HeadTooLargeError(FramingError):
    """The request line and headers are longer than the server takes."""


def parse_head(head: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    r"""
    The first line, and the headers by their lower-case names; raises FramingError.

    >>> parse_head(b"GET /ping HTTP/1.1\r\nHost: a")
    (b'GET /ping HTTP/1.1', {b'host': b'a'})
    """
    lines = head.split(b"\r\n")
    headers: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name[-1:] in b" \t" or name[:1] in b" \t":
            raise FramingError(f"{line[:60]!r} is no header")
        name = name.lower()
        value = value.strip()
        if name in headers and headers[name] != value:
            if name == b"content-length":
                raise FramingError("content-length is given twice, with different values")
            value = headers[name] + b", " + value
        headers[name] = value
    return lines[0], headers


def keeps_alive(version: bytes, headers: dict[bytes, bytes]) -> bool:
    """Whether the connection stays open after this message, by its version and ``connection`` header."""
    connection = headers.get(b"connection")
    if connection is None:
        return version == b"HTTP/1.1"
    wishes = connection.lower()
    return b"close" not in wishes if version == b"HTTP/1.1" else b"keep-alive" in wishes


class Request:
    """One request; ``path`` is without its query, header names are in lower case."""

    __slots__ = ("body", "headers", "keep_alive", "method", "path")

    def __init__(self, first_line: bytes, headers: dict[bytes, bytes]) -> None:
        """Take a parsed head; raises FramingError for anything but HTTP/1.0 and 1.1."""
        parts = first_line.split(b" ")
        if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):  # noqa: PLR2004 - method, target, version
            raise FramingError(f"{first_line[:60]!r} is no request line of HTTP/1.1")
        self.method, target, version = parts
        self.path = target.partition(b"?")[0]
        self.headers = headers
        self.keep_alive = keeps_alive(version, headers)
        self.body = _NO_BODY


class RequestReader:
    r"""
    Cuts what arrives on one connection into requests, however it is split over packets.

    >>> reader = RequestReader()
    >>> reader.feed(b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\n\r\n1,")
    >>> reader.feed(b"2GET /ping HTTP/1.1\r\n\r\n")
    >>> [(request.path, request.body) for request in (reader.next(), reader.next())]
    [(b'/invocations', b'1,2'), (b'/ping', b'')]
    """

    __slots__ = ("_arrived", "_body", "_max_body_bytes", "_parts", "_received", "_request")

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        """Take the longest body that is read; a longer one raises before it is kept."""
        self._max_body_bytes = max_body_bytes
        self._arrived = b""
        self._request: Request | None = None
        self._body: Body | None = None
        self._parts: list[bytes] = []
        self._received = 0

    def feed(self, arrived: bytes) -> None:
        """Take the next bytes of the connection."""
        self._arrived = self._arrived + arrived if self._arrived else arrived

    @property
    def idle(self) -> bool:
        """Whether nothing of a further request has arrived."""
        return self._request is None and not self._arrived

    @property
    def awaits_permission(self) -> bool:
        """Whether a client holds its body back until it is told to go on (``Expect: 100-continue``)."""
        request = self._request
        return (
            request is not None
            and not self._received
            and request.headers.get(b"expect", b"").lower() == b"100-continue"
        )

    def next(self) -> Request | None:
        """The next complete request, None if there is none yet; raises FramingError."""
        if self._request is None:
            end = self._arrived.find(_END_OF_HEAD)
            if end < 0 or end > MAX_HEAD_BYTES:
                if len(self._arrived) > MAX_HEAD_BYTES:
                    raise HeadTooLargeError(f"the headers are longer than {MAX_HEAD_BYTES} bytes")
                return None
            request = Request(*parse_head(self._arrived[:end]))
            start = end + 4
            chunked = is_chunked(request.headers)
            length = 0 if chunked else declared_length(request.headers) or 0
            if length > self._max_body_bytes:
                raise self._too_large()
            if not chunked and len(self._arrived) - start >= length:  # all of it is there: the usual case
                request.body = self._arrived[start : start + length]
                self._arrived = self._arrived[start + length :]
                return request
            self._arrived = self._arrived[start:]
            self._request, self._body = request, ChunkedBody() if chunked else CountedBody(length)
        return self._continue_body()

    def _continue_body(self) -> Request | None:
        request, body = self._request, self._body
        if request is None or body is None:
            return None
        content, self._arrived = body.feed(self._arrived)
        self._received += len(content)
        if self._received > self._max_body_bytes:
            raise self._too_large()
        self._parts.append(content)
        if not body.done:
            return None
        request.body = b"".join(self._parts)
        self._request, self._body, self._parts, self._received = None, None, [], 0
        return request

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(f"the body is longer than {self._max_body_bytes} bytes")
