"""The server's side of one client's connection: the identity goes into the head of every answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from .exchange import END_OF_HEAD, Exchange, Relay
from .framing import Body, ChunkedBody, CountedBody, EndlessBody, FramingError, declared_length, is_chunked
from .identity import HEADER, with_attributes
from .messages import MAX_HEAD_BYTES, keeps_alive, parse_head

if TYPE_CHECKING:
    from .relay import Client

_ATTRIBUTES = HEADER.lower().encode()


class Upstream(asyncio.Protocol):
    """The server's side of one client's connection."""

    def __init__(self, client: Client, relay: Relay) -> None:
        """Take whose side it is."""
        self._client = client
        self._relay = relay
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _reason: Exception | None) -> None:
        """The server is gone."""
        self._transport = None
        self._client.server_gone()

    def pause_writing(self) -> None:
        """The server does not read."""
        self._client.pause_reading()

    def resume_writing(self) -> None:
        """The server reads again."""
        self._client.resume_reading()

    def pause_reading(self) -> None:
        """Do not take more of the answer for now."""
        if self._transport:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more of the answer."""
        if self._transport:
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send the server a piece of the request."""
        if self._transport:
            self._transport.write(data)

    def close(self) -> None:
        """Let the server know that nobody waits any more."""
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Pass the answer on, with the identity in its head."""
        exchange = self._client.exchange
        if exchange is None:
            self.close()  # an answer that nobody asked for
            return
        self._waiting = self._waiting + data if self._waiting else data
        try:
            self._pass_back(exchange)
        except FramingError:
            self.close()

    def _pass_back(self, exchange: Exchange) -> None:
        heads = b""
        while exchange.answer_body is None:
            end = self._waiting.find(END_OF_HEAD)
            if end < 0:
                if len(self._waiting) > MAX_HEAD_BYTES:
                    raise FramingError("the answer's headers are too long")
                break
            head, self._waiting = self._waiting[:end], self._waiting[end + 4 :]
            heads += self._head(exchange, head)
        body = exchange.answer_body
        if body is None:
            if heads:
                self._client.write(heads)
            return
        content, rest = body.feed(self._waiting)
        passed = self._waiting[: len(self._waiting) - len(rest)]
        self._waiting = rest
        exchange.keep_answer(content, self._relay.kept_of_answers)
        if heads or passed:
            self._client.write(heads + passed)
        if body.done:
            if not exchange.keep_alive:
                self.close()
            self._client.answered()

    def _head(self, exchange: Exchange, head: bytes) -> bytes:
        """The head with the identity in it; an interim one (100 Continue) as it is."""
        status_line, headers = parse_head(head)
        version, _, rest = status_line.partition(b" ")
        try:
            exchange.status = status = int(rest[:3])
        except ValueError:
            raise FramingError(f"{status_line[:60]!r} is no status line") from None
        if 100 <= status < 200:  # noqa: PLR2004 - interim answers
            return head + END_OF_HEAD
        if not keeps_alive(version, headers):
            exchange.keep_alive = False
        exchange.answer_body = body = _answer_body(exchange.request.method, status, headers)
        if isinstance(body, EndlessBody):
            exchange.keep_alive = False
        return _with_identity(head, headers, self._relay.identity_value) + END_OF_HEAD


def _answer_body(method: bytes, status: int, headers: dict[bytes, bytes]) -> Body:
    if method == b"HEAD" or status in (204, 304):
        return CountedBody(0)
    if is_chunked(headers):
        return ChunkedBody()
    length = declared_length(headers)
    return EndlessBody() if length is None else CountedBody(length)


def _with_identity(head: bytes, headers: dict[bytes, bytes], identity_value: str) -> bytes:
    own = headers.get(_ATTRIBUTES)
    if own is None:
        status_line, _, rest = head.partition(b"\r\n")
        lines = [rest] if rest else []
    else:
        status_line, *lines = head.split(b"\r\n")
        lines = [line for line in lines if line.partition(b":")[0].lower() != _ATTRIBUTES]
    value = with_attributes(identity_value, own.decode("latin-1") if own else "")
    if value:
        lines.insert(0, f"{HEADER}: {value}".encode("latin-1"))
    return b"\r\n".join([status_line, *lines])
