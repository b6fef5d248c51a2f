"""Metrics of the service on their way to CloudWatch: noted at once, handed over soon, kept small."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.store import Scope, current_scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.local.clock import Clock

OF_REQUESTS: Final = frozenset({"Count", "Microseconds"})
"""Units of what comes with every request: equal values are put together."""
FLUSH_SECONDS: Final = 10.0
"""By SageMaker's clock."""
RARELY_SECONDS: Final = 1.0
OFTEN_SECONDS: Final = 0.1
RECENT_SECONDS: Final = 300.0
"""Datapoints that are older are put together by the minute."""
COMPACT_SECONDS: Final = 60.0
_MINUTE: Final = 60

Measured = tuple[str, float, str]
"""A metric's name, value and unit."""


@dataclass(slots=True)
class _Noted:
    """One metric between two flushes."""

    dimensions: dict[str, str]
    counts: dict[float, int] = field(default_factory=dict)
    at: float = 0.0


class Measurements:
    """Those of one server; noting one costs its caller next to nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._noted: deque[tuple[Scope, str, dict[str, str], float, tuple[Measured, ...]]] = deque()
        self._thread: threading.Thread | None = None
        self._flushing = threading.Lock()
        self._compact: dict[tuple[Scope, tuple[str, str, str]], int] = {}
        """By metric: up to where its datapoints have been put together."""

    def note(self, namespace: str, dimensions: Mapping[str, str], *values: Measured) -> None:
        """Record values; they reach CloudWatch within a second."""
        self._noted.append((current_scope(), namespace, dict(dimensions), time.time(), values))
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="metrics", daemon=True)
            self._thread.start()

    def _loop(self) -> None:
        compacted = time.monotonic()
        while True:
            time.sleep(min(max(self._clock.real(FLUSH_SECONDS), OFTEN_SECONDS), RARELY_SECONDS))
            self.flush()
            if time.monotonic() - compacted > COMPACT_SECONDS:
                compacted = time.monotonic()
                self.compact(time.time() - RECENT_SECONDS)

    def flush(self) -> None:
        """Hand over what was noted; equal values of requests as one datapoint with their number."""
        with self._flushing:
            found: dict[tuple[Scope, tuple[str, str, str], str, float], _Noted] = {}
            while self._noted:
                scope, namespace, dimensions, at, values = self._noted.popleft()
                key = seams.ALARMS.dimensions_key(dimensions)
                for name, value, unit in values:
                    moment = 0.0 if unit in OF_REQUESTS else at
                    metric = found.setdefault(
                        (scope, (namespace, name, key), unit, moment), _Noted(dimensions)
                    )
                    seen = rounded(value) if unit == "Microseconds" else value
                    metric.counts[seen] = metric.counts.get(seen, 0) + 1
                    metric.at = at
            for (scope, name_and_place, unit, _), metric in found.items():
                with seams.RESPONSES.scope(*scope):
                    seams.ALARMS.metric_bucket(name_and_place).extend(
                        {
                            "Timestamp": metric.at,
                            "Value": value,
                            "Count": float(count),
                            "Unit": unit,
                            "Dimensions": metric.dimensions,
                        }
                        for value, count in metric.counts.items()
                    )
                if unit in OF_REQUESTS:
                    self._compact.setdefault((scope, name_and_place), 0)

    def compact(self, before: float) -> None:
        """Put datapoints of requests together that are older than a moment."""
        for (scope, name_and_place), start in list(self._compact.items()):
            with seams.RESPONSES.scope(*scope):
                bucket = seams.ALARMS.metric_bucket(name_and_place)
                start = start if start <= len(bucket) else 0  # noqa: PLW2901 - old ones were taken away
                end = start
                while end < len(bucket) and bucket[end]["Timestamp"] < before:
                    end += 1
                together = by_minute(bucket[start:end])
                bucket[start:end] = together
                self._compact[scope, name_and_place] = start + len(together)


def by_minute(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same datapoints, equal values of a minute as one with their number, at the last of them."""
    found: dict[tuple[int, float, str], dict[str, Any]] = {}
    others = []
    for point in points:
        if "_stat" in point:  # somebody's own statistics, which are not values
            others.append(point)
            continue
        count = point.get("Count", 1.0)
        key = (int(point["Timestamp"] // _MINUTE), point["Value"], point["Unit"])
        if (together := found.get(key)) is None:
            found[key] = point | {"Count": count}
        else:
            together["Count"] += count
            together["Timestamp"] = max(together["Timestamp"], point["Timestamp"])
    return sorted([*others, *found.values()], key=lambda point: float(point["Timestamp"]))


def rounded(value: float) -> float:
    """
    To three digits, so that a million latencies are some hundred datapoints.

    >>> rounded(12345.6), rounded(1.0), rounded(0.00012345)
    (12300.0, 1.0, 0.000123)
    """
    return float(f"{value:.3g}")
