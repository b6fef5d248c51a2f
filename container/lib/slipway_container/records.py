"""
The common prediction record: one JSON line per request on standard output.

``time`` (UTC, milliseconds), ``request_id``, ``project``, ``model``, ``version``, ``input``, ``output`` or
``exception``, ``latency_ms``. Input and output are the bodies as text, cut at a number of characters.
"""

from __future__ import annotations

import os
import queue
import random
import threading
import time
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Mapping

if TYPE_CHECKING:
    import asyncio

SAMPLING_VARIABLE = "SLIPWAY_RECORD_SAMPLING"
"""Share of the requests that are recorded, 0 to 1; what ended in an exception is recorded unless it is 0."""
MAX_CHARACTERS_VARIABLE = "SLIPWAY_RECORD_MAX_CHARACTERS"
DEFAULT_MAX_CHARACTERS = 2048

FLUSH_SECONDS = 0.2
FLUSH_CHARACTERS = 65536
MAX_WAITING_BLOCKS = 256
"""Sixteen MiB; where nobody reads standard output, records are dropped and counted, not kept for ever."""


class RecordLog:
    """Collects records on the event loop and writes them from a thread: no request waits for a pipe."""

    def __init__(
        self,
        identity: Mapping[str, str],
        loop: asyncio.AbstractEventLoop,
        *,
        descriptor: int = 1,
        sampling: float | None = None,
        max_characters: int | None = None,
    ) -> None:
        """Take whose predictions these are; sampling and length default to the environment's."""
        names = ("project", "model", "version")
        self._model = "".join(f'"{name}":{quoted(identity.get(name) or "")},' for name in names)
        self._loop = loop
        self._descriptor = descriptor
        self.sampling = _fraction(os.environ.get(SAMPLING_VARIABLE)) if sampling is None else sampling
        characters = os.environ.get(MAX_CHARACTERS_VARIABLE) or DEFAULT_MAX_CHARACTERS
        self.max_characters = int(characters) if max_characters is None else max_characters
        self._lines: list[str] = []
        self._characters = 0
        self._dropped = 0
        self._second = -1
        self._second_text = ""
        self._prefix = f"{random.getrandbits(48):012x}-"
        self._number = 0
        self._blocks: queue.Queue[bytes | None] = queue.Queue(MAX_WAITING_BLOCKS)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def request_id(self) -> str:
        """A new id for a request that brings none."""
        self._number += 1
        return f"{self._prefix}{self._number:x}"

    def add(
        self, request_id: str, started: float, body: bytes, answer: bytes, *, failed: bool = False
    ) -> None:
        """
        Record one request that has just been answered.

        Args:
            request_id: The client's inference id, or one of ours.
            started: ``time.perf_counter()`` when the request was complete.
            body: What the client sent.
            answer: What it got; the exception's text if it failed.
            failed: Whether the answer is an exception.

        """
        sampling = self.sampling
        if sampling < 1 and (sampling == 0 or (not failed and random.random() >= sampling)):  # noqa: S311 - a share
            return
        milliseconds = (time.perf_counter() - started) * 1000
        limit = self.max_characters
        line = (
            f'{{"time":"{self._now()}","request_id":{quoted(request_id)},{self._model}'
            f'"input":{quoted(body[:limit].decode("utf-8", "replace"))},'
            f'"{"exception" if failed else "output"}":{quoted(answer[:limit].decode("utf-8", "replace"))},'
            f'"latency_ms":{milliseconds:.3f}}}\n'
        )
        self.add_line(line)

    def add_line(self, line: str) -> None:
        """Take a line of ASCII that is no record (a metric) the same way."""
        if not self._lines:
            self._loop.call_later(FLUSH_SECONDS, self.flush)
        self._lines.append(line)
        self._characters += len(line)
        if self._characters >= FLUSH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Hand what is collected to the writer."""
        lines = self._lines
        if not lines:
            return
        self._lines, self._characters = [], 0
        if self._dropped:
            lines.append(f'{{"time":"{self._now()}","records_dropped":{self._dropped}}}\n')
        try:
            self._blocks.put_nowait("".join(lines).encode("ascii"))
        except queue.Full:
            self._dropped += len(lines)
        else:
            self._dropped = 0

    def close(self, seconds: float = 2.0) -> None:
        """Write what is left; give up after so many seconds if nobody reads."""
        self.flush()
        try:
            self._blocks.put(None, timeout=seconds)
        except queue.Full:
            return
        self._writer.join(seconds)

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_text}.{int((now - second) * 1000):03d}Z"

    def _write(self) -> None:
        while True:
            block = self._blocks.get()
            if block is None:
                return
            try:
                while block:
                    block = block[os.write(self._descriptor, block) :]
            except OSError:
                return  # standard output is gone; serving goes on


def _fraction(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 1.0
