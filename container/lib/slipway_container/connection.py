"""One client's connection: bytes in, answers out, in order."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from .framing import FramingError
from .messages import BodyTooLargeError, HeadTooLargeError, RequestReader

if TYPE_CHECKING:
    from .answers import Answers
    from .application import Application

PERMISSION = b"HTTP/1.1 100 Continue\r\n\r\n"
CONTENT_TOO_LARGE = 413
HEADERS_TOO_LARGE = 431
BAD_REQUEST = 400


class Connection(asyncio.Protocol):
    """Answers requests as they come; pipelined ones too, since each is answered before the next is read."""

    __slots__ = (
        "_answers",
        "_application",
        "_open",
        "_reader",
        "_transport",
        "draining",
        "ended",
        "last_used",
    )

    def __init__(
        self, application: Application, answers: Answers, max_body_bytes: int, opened: set[Connection]
    ) -> None:
        """Take what answers, and the set in which an open connection stands."""
        self._application = application
        self._answers = answers
        self._reader = RequestReader(max_body_bytes)
        self._open = opened
        self._transport: asyncio.Transport | None = None
        self.draining = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last_used = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def connection_lost(self, _reason: Exception | None) -> None:
        """End."""
        self._transport = None
        self._open.discard(self)
        if not self.ended.done():
            self.ended.set_result(None)

    def pause_writing(self) -> None:
        """The client does not read its answers: take no further requests from it."""
        if self._transport:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._transport:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete by now."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        reader = self._reader
        answers = []
        keep_alive = True
        try:
            reader.feed(data)
            while keep_alive:
                request = reader.next()
                if request is None:
                    break
                keep_alive = request.keep_alive and not self.draining
                answer = self._application.respond(request, keep_alive=keep_alive)
                if request.method == b"HEAD":
                    answer = answer[: answer.index(b"\r\n\r\n") + 4]
                answers.append(answer)
            if keep_alive and reader.awaits_permission:
                answers.append(PERMISSION)
        except FramingError as error:
            keep_alive = False
            answers.append(self._answers.error(_status_of(error), str(error), keep_alive=False))
        if answers:
            transport.write(answers[0] if len(answers) == 1 else b"".join(answers))
        if not keep_alive:
            transport.close()
        self.last_used = time.monotonic()

    def drain(self) -> None:
        """Answer what has begun to arrive, then close."""
        self.draining = True
        if self._reader.idle:
            self.close()

    def close(self) -> None:
        """Close after what is written has been sent."""
        if self._transport:
            self._transport.close()


def _status_of(error: FramingError) -> int:
    if isinstance(error, BodyTooLargeError):
        return CONTENT_TOO_LARGE
    return HEADERS_TOO_LARGE if isinstance(error, HeadTooLargeError) else BAD_REQUEST
