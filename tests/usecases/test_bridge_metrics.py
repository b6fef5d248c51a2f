"""What CloudWatch knows of endpoints, handed on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.contracts import names
from slipway.usecases.bridge_metrics import MetricsBridge
from tests.usecases.test_export_telemetry import FakeCollector, attributes
from tests.usecases.test_watch_endpoint import NAME, Room, a_variant

NOW = datetime(2026, 11, 22, 12, 7, 31, tzinfo=UTC)


class Numbers:
    """Port ``MetricNumbers``: one number for each statistic that is known."""

    def __init__(self, **values: float) -> None:
        self.values = values
        self.windows: list[tuple[datetime, datetime]] = []

    def numbers(self, queries: Any, start: datetime, end: datetime, _period_seconds: int) -> Any:
        self.windows.append((start, end))
        for query in queries:
            key = f"{query.bridged.metric}_{query.bridged.stat}"
            if key in self.values:
                yield query, start, self.values[key]


def bridged(room: Room, collector: FakeCollector, numbers: Numbers, now: datetime = NOW) -> int:
    return MetricsBridge(
        hosting=room.hosting,
        ledger=room.ledger,
        numbers=numbers,
        sink=collector,
        clock=lambda: now,
        environment="dev",
        endpoint_prefix="slipway-dev-",
        minutes=5,
    ).bridge_metrics()


class TestMetricsBridge:
    def test_numbers_bear_model_and_version(self) -> None:
        """
        Requests, latency in seconds, predictions: by project, model, version and variant.
        """
        room, collector = Room(a_variant("1.1.0", names.VARIANT)), FakeCollector()
        numbers = Numbers(Invocations_Sum=120.0, ModelLatency_p99=31000.0, Prediction_Average=214.5)

        assert bridged(room, collector, numbers) == 3
        (requests,) = collector.points("slipway.endpoint.requests")
        assert requests["asDouble"] == 120.0
        assert attributes(requests) == {
            "slipway.project": "pricing",
            "slipway.model": "hotel-rates",
            "slipway.version": "1.1.0",
            "slipway.endpoint": NAME,
            "slipway.variant": "AllTraffic",
            "slipway.role": "champion",
        }
        assert collector.points("slipway.endpoint.latency.p99")[0]["asDouble"] == 0.031
        assert collector.points("slipway.prediction.mean")[0]["asDouble"] == 214.5

    def test_each_window_is_sent_once_whenever_the_clock_strikes(self) -> None:
        """
        Runs that are late do not overlap, and none leaves a gap: a try again sends the same.
        """
        room, numbers = Room(a_variant("1.1.0", names.VARIANT)), Numbers()
        for minutes in (0, 2, 5, 10):
            bridged(room, FakeCollector(), numbers, NOW + timedelta(minutes=minutes))

        assert [f"{start:%H:%M}-{end:%H:%M}" for start, end in numbers.windows] == [
            "11:55-12:00",
            "11:55-12:00",
            "12:00-12:05",
            "12:05-12:10",
        ]

    def test_nothing_is_sent_where_nothing_serves(self) -> None:
        """
        An environment without endpoints, or without traffic, is silent.
        """
        room, collector = Room(a_variant("1.1.0", names.VARIANT)), FakeCollector()

        assert bridged(room, collector, Numbers()) == 0
        assert collector.metrics == []
