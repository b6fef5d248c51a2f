"""Turns for invocations: so many at once, first come first served, and never a standstill."""

from __future__ import annotations

import threading
import time
from collections import deque


class Slots:
    """
    Let ``count`` invocations run at once.

    An invocation may wait for another one that it has caused, and that one for a
    slot: where none has ended for ``stalled_seconds``, the longest waiting goes
    ahead without one. As long as invocations end, the queue is kept however long
    it is: running them all at once would make each wait for the processor, and
    time out.
    """

    def __init__(self, count: int, stalled_seconds: float) -> None:
        self._free = count
        self._stalled_seconds = stalled_seconds
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()
        self._progress = time.monotonic()

    def acquire(self) -> None:
        """Wait for a turn."""
        with self._lock:
            if self._free > 0 and not self._waiting:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
            since = time.monotonic()
        while not turn.wait(self._left(since)):
            with self._lock:
                if not turn.is_set() and self._waiting[0] is turn and self._stalled(since) <= 0:
                    self._waiting.popleft()
                    self._progress = time.monotonic()
                    self._free -= 1  # below zero: it is given back like any other
                    return

    def release(self) -> None:
        """The invocation has ended: the next one's turn."""
        with self._lock:
            self._progress = time.monotonic()
            self._free += 1
            while self._free > 0 and self._waiting:
                self._free -= 1
                self._waiting.popleft().set()

    def _left(self, since: float) -> float:
        return max(self._stalled(since), 0.01)

    def _stalled(self, since: float) -> float:
        """Seconds until nothing has ended for too long."""
        return max(self._progress, since) + self._stalled_seconds - time.monotonic()
