"""
The time of SageMaker's waits. It may run faster than that of this machine: nobody sits through a bake time.

Waits, bake times, cool-downs and the periods of alarms that watch endpoints are measured by it. What is not a
wait of the service (requests, start of programs, pings, the platform's own waits) takes its real time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.local.gateway import Gateway

SLOWEST: Final = 1.0
FASTEST: Final = 3600.0
WATCHED_UP_TO: Final = 120.0
"""Faster, the minute of an alarm gets no shorter, and a bake time may end before the alarm could ring."""
_TURN_SECONDS: Final = 0.5
"""A wait looks this often whether the speed was changed."""


class SpeedError(SlipwayError):
    """No speed that the clock can run at."""

    def __init__(self, speed: Any) -> None:
        super().__init__(f"speed is a number from {SLOWEST:g} to {FASTEST:g}, not {speed!r}")
        self.speed = speed


class Clock:
    """
    Runs ``speed`` times as fast as this machine's clock, 1 to 3600; kept in a file over restarts.

    Args:
        path: Where the speed is kept; no file: 1.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._speed = SLOWEST
        with contextlib.suppress(OSError, ValueError):
            self._speed = min(max(float(path.read_text(encoding="ascii")), SLOWEST), FASTEST)
        self._since, self._shown = time.monotonic(), 0.0

    @property
    def speed(self) -> float:
        """How many of its seconds pass in one real second."""
        return self._speed

    def run_at(self, speed: Any) -> None:
        """
        Run at another speed from now on.

        Raises:
            SpeedError: It is no number from 1 to 3600.
        """
        try:
            wanted = float(speed)
        except (TypeError, ValueError):
            raise SpeedError(speed) from None
        if not SLOWEST <= wanted <= FASTEST:
            raise SpeedError(speed)
        with self._lock:
            self._shown, self._since = self._now(), time.monotonic()
            self._speed = wanted
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(f"{wanted:g}", encoding="ascii")

    def _now(self) -> float:
        return self._shown + (time.monotonic() - self._since) * self._speed

    def now(self) -> float:
        """Its seconds since the server's start; never goes back."""
        with self._lock:
            return self._now()

    def real(self, seconds: float) -> float:
        """How many real seconds so many of its seconds take at the present speed."""
        return seconds / self._speed

    def wait(self, seconds: float, cancelled: threading.Event) -> bool:
        """Wait for so many of its seconds; True as soon as ``cancelled`` is set."""
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            if cancelled.wait(min(self.real(left), _TURN_SECONDS)):
                return True
        return cancelled.is_set()


def install(clock: Clock, gateway: Gateway) -> None:
    """Tell and take the speed at ``/_slipway/speed``."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        clock.run_at(document.get("speed"))
        return {"speed": clock.speed}

    gateway.answers["speed"] = lambda _query: {"speed": clock.speed}
    gateway.changes["speed"] = change
