"""
SageMaker's serving contract for a model that is one function.

A model's ``serve`` program is::

    from slipway_container.serving import serve

    serve(model.predict, columns=model.columns)
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Sequence

from . import identity, predictions
from .answers import Answers
from .application import Application, Predict
from .codecs import Codecs
from .connection import Connection
from .messages import MAX_BODY_BYTES
from .records import RecordLog

if TYPE_CHECKING:
    from typing import Any

PORT_VARIABLE = "SAGEMAKER_BIND_TO_PORT"
HOST_VARIABLE = "SLIPWAY_BIND_HOST"
DEFAULT_PORT = 8080
DEFAULT_HOST = "0.0.0.0"  # noqa: S104 - SageMaker calls a container from outside

IDLE_SECONDS = 120
"""A connection on which nothing came for so long is closed, also in the middle of a request."""
DRAIN_SECONDS = 25
"""SageMaker kills a container 30 s after SIGTERM."""
BACKLOG = 1024


def address() -> tuple[str, int]:
    """The host and port on which SageMaker expects an answer."""
    return os.environ.get(HOST_VARIABLE) or DEFAULT_HOST, int(os.environ.get(PORT_VARIABLE) or DEFAULT_PORT)


def serve(
    predict: Predict, *, columns: Sequence[str] | None = None, max_body_bytes: int = MAX_BODY_BYTES
) -> None:
    """
    Serve until SIGTERM; then answer what has begun to arrive, and return.

    Args:
        predict: Gives one prediction per row. A row is a list of values in the order of the columns,
            numbers or strings from JSON and strings from CSV. It may raise ``codecs.InvalidRequestError``
            to refuse a row (status 400); whatever else it raises is answered with status 500 and recorded.
        columns: The names of a row's values. Given, rows of another length are refused with status 400,
            and JSON instances may be objects.
        max_body_bytes: A longer request is refused with status 413.

    """
    server = Server(predict, columns=columns, max_body_bytes=max_body_bytes)
    run(server.run(*address()))


def run(main: Any) -> Any:
    """Run a coroutine on uvloop where it is installed, on asyncio elsewhere."""
    try:
        loop = importlib.import_module("uvloop").new_event_loop()
    except ImportError:
        loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class Server:
    """Listens, answers and drains."""

    def __init__(
        self, predict: Predict, *, columns: Sequence[str] | None = None, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        """Take what ``serve`` takes."""
        self._predict = predict
        self._codecs = Codecs(columns)
        self._max_body_bytes = max_body_bytes
        self._open: set[Connection] = set()
        self.port: int | None = None
        """The port on which it listens, once it does."""

    async def run(self, host: str, port: int, *, stop: asyncio.Event | None = None) -> None:
        """Serve until SIGTERM or SIGINT, or until the event is set; port 0 takes any free one."""
        loop = asyncio.get_running_loop()
        stop = stop or asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        own = identity.from_environment()
        answers = Answers(identity.format_header(own))
        records = RecordLog(own, loop)
        meter = predictions.from_environment(loop, records)
        application = Application(self._predict, self._codecs, answers, records, meter)
        listener = await loop.create_server(
            lambda: Connection(application, answers, self._max_body_bytes, self._open),
            host,
            port,
            backlog=BACKLOG,
        )
        self.port = listener.sockets[0].getsockname()[1] if listener.sockets else None
        gc.collect()
        gc.freeze()  # the model stays: collections need not look at it again and again
        print(f"serving on {host}:{self.port}", file=sys.stderr, flush=True)
        sweep = loop.create_task(self._close_idle())
        await stop.wait()
        sweep.cancel()
        listener.close()
        await self._drain()
        meter.flush()
        records.close()

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_SECONDS / 4)
            earliest = time.monotonic() - IDLE_SECONDS
            for connection in [connection for connection in self._open if connection.last_used < earliest]:
                connection.close()

    async def _drain(self) -> None:
        for connection in list(self._open):
            connection.drain()
        ends = [connection.ended for connection in self._open]
        if ends:
            await asyncio.wait(ends, timeout=DRAIN_SECONDS)
