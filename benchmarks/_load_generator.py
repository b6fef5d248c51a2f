"""
Puts an HTTP server under load from a process of its own, so that measuring costs the server nothing.

    python -m benchmarks._load_generator PORT CONTENT_TYPE BODY_FILE SECONDS CLIENTS

Each client holds a connection, sends a request, waits for the whole answer and sends the next one; where the
server closes the connection, the client opens another one. Prints one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

WARM_UP_SECONDS = 0.5
MIN_ANSWERS = 100
"""A slow server is measured for longer, up to so many seconds."""
MAX_SECONDS = 20
LENGTH = b"\r\ncontent-length: "
END_OF_HEAD = b"\r\n\r\n"


class Load:
    """What the clients share: the request, the latencies in seconds, the errors."""

    def __init__(self, port: int, request: bytes) -> None:
        """Take where to send what."""
        self.port = port
        self.request = request
        self.latencies: list[float] = []
        self.errors = 0
        self.running = True

    async def connect(self) -> None:
        """Open one client's connection; it lives on by itself."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Client(self), "127.0.0.1", self.port)


class Client(asyncio.Protocol):
    """One client."""

    def __init__(self, load: Load, sent: float = 0.0) -> None:
        """Take what to send; a client that replaces a closed connection counts from its own start."""
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._arrived = b""
        self._sent = sent
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._sent = time.perf_counter()
        self._transport.write(self._load.request)

    def connection_lost(self, _reason: Exception | None) -> None:
        """Open another connection if the load goes on."""
        if self._load.running:
            if self._sent:
                self._load.errors += 1  # closed before the answer
            task = asyncio.get_running_loop().create_task(self._load.connect())
            self._tasks.add(task)

    def data_received(self, data: bytes) -> None:
        """Take the time when the answer is whole; send the next request."""
        arrived = self._arrived = self._arrived + data if self._arrived else data
        end = arrived.find(END_OF_HEAD)
        if end < 0:
            return
        head = arrived[: end + 2].lower()
        place = head.find(LENGTH) + len(LENGTH)
        length = int(head[place : head.find(b"\r\n", place)])
        if len(arrived) < end + 4 + length:
            return
        load = self._load
        now = time.perf_counter()
        load.latencies.append(now - self._sent)
        if arrived[9:12] != b"200":
            load.errors += 1
        self._arrived = b""
        if self._transport is None or not load.running:
            return
        if b"\r\nconnection: close\r\n" in head:
            self._sent = 0.0
            self._transport.close()
            return
        self._sent = now
        self._transport.write(load.request)


async def measure(load: Load, seconds: float, clients: int) -> dict[str, float]:
    """Requests per second and latencies in milliseconds, after a warm-up that does not count."""
    await asyncio.gather(*(load.connect() for _ in range(clients)))
    await asyncio.sleep(WARM_UP_SECONDS)
    warm_up, load.latencies, load.errors = len(load.latencies), [], 0
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    while len(load.latencies) < MIN_ANSWERS and time.perf_counter() - began < MAX_SECONDS:  # noqa: ASYNC110 - rare
        await asyncio.sleep(0.1)
    load.running = False
    took = time.perf_counter() - began
    latencies = sorted(load.latencies)
    if not latencies:
        raise TimeoutError(f"no answer in {took:.0f} s")

    def quantile(share: float) -> float:
        return round(latencies[min(len(latencies) - 1, int(share * len(latencies)))] * 1000, 3)

    return {
        "requests_per_second": round(len(latencies) / took, 1),
        "p50_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
        "errors": load.errors,
        "answers": warm_up + len(latencies),
    }


def main(port: str, content_type: str, body_file: str, seconds: str, clients: str) -> None:
    """Measure and print."""
    body = Path(body_file).read_bytes()
    head = (
        f"POST /invocations HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: {content_type}\r\n"
        f"Accept: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    load = Load(int(port), head.encode() + body)
    print(json.dumps(uvloop.run(measure(load, float(seconds), int(clients)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
