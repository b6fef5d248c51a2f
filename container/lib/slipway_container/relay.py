"""One client's connection to the model's own server: passed on as it is, but for the identity header."""

from __future__ import annotations

import asyncio
from typing import cast

from .exchange import BAD_GATEWAY, BAD_REQUEST, END_OF_HEAD, SERVICE_UNAVAILABLE, Exchange, Relay
from .framing import EndlessBody, FramingError
from .messages import MAX_HEAD_BYTES, Request, parse_head
from .upstream import Upstream

LOOPBACK = "127.0.0.1"
MAX_WAITING_BYTES = 262144
"""What a client may send ahead of the answer it waits for; then it is not read until that answer is out."""


class Client(asyncio.Protocol):
    """The client's side; handles one request at a time, in order."""

    def __init__(self, relay: Relay) -> None:
        """Take what all connections share."""
        self._relay = relay
        self._waiting = b""
        self._exchange: Exchange | None = None
        self._transport: asyncio.Transport | None = None
        self._upstream: Upstream | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _reason: Exception | None) -> None:
        """The client is gone: so is what it waited for."""
        self._transport = None
        if self._connecting:
            self._connecting.cancel()
        if self._upstream:
            self._upstream.close()

    def pause_writing(self) -> None:
        """The client does not read: the server need not write."""
        if self._upstream:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._upstream:
            self._upstream.resume_reading()

    def pause_reading(self) -> None:
        """The server does not read: the client need not write."""
        if self._transport:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """The server reads again."""
        if self._transport:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Pass on what belongs to the request that passes; keep the rest."""
        self._waiting = self._waiting + data if self._waiting else data
        self._advance()

    def _advance(self) -> None:
        try:
            if self._exchange is None:
                head = self._begin()
                if head is None:
                    return
            else:
                head = b""
            self._pass_on(head)
        except FramingError as error:
            self._refuse(BAD_REQUEST, str(error))

    def _begin(self) -> bytes | None:
        """Begin the next exchange if its head is complete, and give the head's bytes."""
        end = self._waiting.find(END_OF_HEAD)
        if end < 0 or end > MAX_HEAD_BYTES:
            if len(self._waiting) > MAX_HEAD_BYTES:
                raise FramingError(f"the headers are longer than {MAX_HEAD_BYTES} bytes")
            return None
        head = self._waiting[: end + 4]
        self._exchange = Exchange(Request(*parse_head(head[:-4])))
        self._waiting = self._waiting[end + 4 :]
        return head

    def _pass_on(self, head: bytes) -> None:
        exchange, upstream = self._exchange, self._upstream
        if exchange is None:
            return
        if upstream is None:
            self._waiting = head + self._waiting  # read again when the server answers the call
            self._exchange = None
            if self._connecting is None:
                self._connecting = asyncio.get_running_loop().create_task(self._connect())
            elif len(self._waiting) > MAX_WAITING_BYTES:
                self.pause_reading()
            return
        raw = head
        if not exchange.body.done and self._waiting:
            content, rest = exchange.body.feed(self._waiting)
            raw += self._waiting[: len(self._waiting) - len(rest)]
            self._waiting = rest
            exchange.keep(content, self._relay.records.max_characters)
        if raw:
            upstream.write(raw)
        if exchange.body.done and len(self._waiting) > MAX_WAITING_BYTES:
            self.pause_reading()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, upstream = await loop.create_connection(
                lambda: Upstream(self, self._relay), LOOPBACK, self._relay.port
            )
        except OSError:
            self._begin()
            self._refuse(SERVICE_UNAVAILABLE, "the model's server does not accept connections yet")
            return
        finally:
            self._connecting = None
        if self._transport is None:
            upstream.close()
            return
        self._upstream = upstream
        self.resume_reading()
        self._advance()

    def _refuse(self, status: int, text: str) -> None:
        exchange, transport = self._exchange, self._transport
        if transport is None:
            return
        answer = self._relay.answers.error(status, text, keep_alive=False)
        transport.write(answer)
        transport.close()
        if exchange is not None:
            exchange.status = status
            exchange.kept_answer = answer.partition(END_OF_HEAD)[2]
            self._record(exchange)

    # What the server's side calls.

    @property
    def exchange(self) -> Exchange | None:
        """The exchange whose answer is to come."""
        return self._exchange

    def write(self, data: bytes) -> None:
        """Send the client a piece of the answer."""
        if self._transport:
            self._transport.write(data)

    def answered(self) -> None:
        """The answer is complete: the next request may pass."""
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        self._record(exchange)
        if not exchange.keep_alive or not exchange.body.done:
            if self._transport:
                self._transport.close()
        elif self._waiting:
            self.resume_reading()
            self._advance()

    def server_gone(self) -> None:
        """The server closed its connection."""
        self._upstream = None
        exchange = self._exchange
        if exchange is None:
            return
        if exchange.answer_body is None:
            self._refuse(BAD_GATEWAY, "the model's server closed the connection without an answer")
        elif isinstance(exchange.answer_body, EndlessBody):
            exchange.keep_alive = False
            self.answered()
        else:
            exchange.status = BAD_GATEWAY
            exchange.kept_answer += b" (the model's server closed the connection in the middle of its answer)"
            self._record(exchange)
            if self._transport:
                self._transport.abort()  # the client must not take half an answer for a whole one

    def _record(self, exchange: Exchange) -> None:
        request, records = exchange.request, self._relay.records
        if request.path != b"/invocations":
            return
        inference_id = request.headers.get(b"x-amzn-sagemaker-inference-id")
        request_id = inference_id.decode("latin-1") if inference_id else records.request_id()
        failed = exchange.status >= BAD_REQUEST
        if not failed:
            whole = len(exchange.kept_answer) < self._relay.kept_of_answers
            self._relay.meter.add_answer(exchange.kept_answer, complete=whole)
        records.add(request_id, exchange.began, exchange.kept, exchange.kept_answer, failed=failed)
