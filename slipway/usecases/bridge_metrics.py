"""Hand what CloudWatch knows of endpoints in service on to an OpenTelemetry collector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.domain.telemetry import otlp
from slipway.domain.telemetry.endpoint_metrics import queries
from slipway.usecases.read_watched import read_watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from slipway.domain.watched import WatchedEndpoint
    from slipway.usecases.ports import Clock, Hosting, MetricNumbers, TelemetrySink, Versions

PERIOD: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MetricsBridge:
    """
    Sends the numbers of whole windows, one for each run of a schedule.

    The window before the last one is sent: by then CloudWatch has all of it. Runs that are late or tried
    again send the same numbers; none are sent twice as others.
    """

    hosting: Hosting
    ledger: Versions
    numbers: MetricNumbers
    sink: TelemetrySink
    clock: Clock
    environment: str
    endpoint_prefix: str
    minutes: int

    def bridge_metrics(self) -> int:
        """How many numbers were sent."""
        start, end = window(self.clock(), timedelta(minutes=self.minutes))
        there = list(self._endpoints())
        asked = list(queries([watched for _, watched in there]))
        found = self.numbers.numbers(asked, start, end, int(PERIOD.total_seconds()))
        points = [query.point(value, at, at + PERIOD) for query, at, value in found]
        if points:
            region, account = there[0][0].split(":")[3:5]
            of = otlp.resource(environment=self.environment, region=region, account=account)
            self.sink.send_metrics(otlp.metrics(points, of))
        return len(points)

    def _endpoints(self) -> Iterator[tuple[str, WatchedEndpoint]]:
        """Each with its ARN."""
        for summary in self.hosting.endpoints(self.endpoint_prefix):
            described = self.hosting.endpoint(summary["EndpointName"])
            if described is None:
                continue
            watched = read_watched(
                described, hosting=self.hosting, ledger=self.ledger, environment=self.environment, runbook=""
            )
            if watched is not None:
                yield described["EndpointArn"], watched


def window(now: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """
    The window before the last whole one.

    >>> from datetime import UTC, datetime
    >>> [f"{at:%H:%M}" for at in window(datetime(2026, 11, 22, 12, 7, 31, tzinfo=UTC), timedelta(minutes=5))]
    ['11:55', '12:00']
    """
    since_midnight = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = now - since_midnight % length - length
    return end - length, end
