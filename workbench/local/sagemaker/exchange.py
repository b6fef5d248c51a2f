"""HTTP exchanges with serving processes over kept-alive connections, on the server's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httptools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.serving_process import ServingProcess

_BODILESS: Final = frozenset({204, 304})


class Unreachable(Exception):  # noqa: N818 - it is what is the matter with the process
    """The process took no connection, or closed it before it had answered."""

    def __init__(self, *, fresh: bool) -> None:
        super().__init__("the serving process closed the connection")
        self.fresh = fresh
        """Whether the connection was new; a kept one may have been closed for its age."""


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: Any = None
        self.open = False
        self.used = False
        self._waiter: asyncio.Future[Answer] | None = None
        self._answer = Answer()
        self._chunks: list[bytes] = []
        self._parser: Any = None
        self._headers_done = False
        self._socket: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.open = transport, True
        self._socket = transport.get_extra_info("socket") if hasattr(socket, "TCP_QUICKACK") else None

    async def send(self, message: bytes) -> Answer:
        self._answer, self._chunks, self._headers_done = Answer(), [], False
        self._parser = httptools.HttpResponseParser(self)
        self._waiter = asyncio.get_running_loop().create_future()
        self.transport.write(message)
        if self._socket is not None:
            # A server that writes headers and body apart waits for our acknowledgement of the headers,
            # which the kernel would delay by 40 ms.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.transport.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        self._headers_done = True

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._answer.status // 100 == 1:
            self._headers_done = False
            return
        if not self._parser.should_keep_alive():
            self.open = False
        self._finish()

    def _finish(self) -> None:
        self._answer.body = b"".join(self._chunks)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._answer)

    def connection_lost(self, _error: Exception | None) -> None:
        self.open = False
        if self._waiter is not None and not self._waiter.done():
            if (
                self._headers_done
                and "content-length" not in self._answer.headers
                and (self._answer.headers.get("transfer-encoding") != "chunked")
            ):
                self._finish()
            else:
                self._waiter.set_exception(Unreachable(fresh=not self.used))


class Connections:
    """Idle connections by serving process and its generation."""

    def __init__(self) -> None:
        self._idle: weakref.WeakKeyDictionary[ServingProcess, tuple[int, list[_Connection]]] = (
            weakref.WeakKeyDictionary()
        )

    async def _take(self, process: ServingProcess) -> _Connection:
        generation, idle = self._idle.get(process, (0, []))
        if generation != process.generation:
            idle = []
            self._idle[process] = (process.generation, idle)
        while idle:
            connection = idle.pop()
            if connection.open:
                return connection
        found = await asyncio.to_thread(process.connect)
        if found is None:
            raise Unreachable(fresh=True)
        found.setblocking(False)
        _, protocol = await asyncio.get_running_loop().create_connection(_Connection, sock=found)
        return protocol

    async def post(
        self, process: ServingProcess, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """
        One POST; once more over a new connection when a kept one had been closed.

        Raises:
            Unreachable: The process does not answer.
        """
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        message = (
            f"POST {path} HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        ).encode("latin-1") + body
        while True:
            connection = await self._take(process)
            try:
                answer = await connection.send(message)
            except Unreachable as error:
                if error.fresh:
                    raise
                continue
            except BaseException:
                connection.transport.close()
                raise
            connection.used = True
            if connection.open:
                generation, idle = self._idle.get(process, (0, []))
                if generation == process.generation:
                    idle.append(connection)
                    return answer
            with contextlib.suppress(Exception):
                connection.transport.close()
            return answer
