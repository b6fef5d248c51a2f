"""Metrics, alarms, dashboards, and telemetry that goes elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from slipway.domain.telemetry.endpoint_metrics import MetricQuery


class Traffic(Protocol):
    """How endpoints are called."""

    def called_at(
        self, endpoint: str, variants: Sequence[str], since: datetime, until: datetime
    ) -> datetime | None:
        """The last call of any of its variants, to the end of its hour; None: there was none since."""


class Monitoring(Protocol):
    """Dashboards and alarms of models in service."""

    def put_dashboard(self, name: str, body: Mapping[str, Any]) -> None:
        """Make it or replace it; DashboardRefusedError where its body says what none may say."""

    def remove_dashboard(self, name: str) -> None:
        """Remove it, if it is there."""

    def alarms(self, prefix: str) -> list[Mapping[str, Any]]:
        """Those on one metric whose names begin so, as CloudWatch describes them."""

    def put_alarm(self, request: Mapping[str, Any]) -> None:
        """Make it or replace it."""

    def remove_alarms(self, names: Sequence[str]) -> None:
        """Remove those of them that are there."""


class MetricNumbers(Protocol):
    """Numbers of metrics."""

    def numbers(
        self, queries: Sequence[MetricQuery], start: datetime, end: datetime, period_seconds: int
    ) -> Iterator[tuple[MetricQuery, datetime, float]]:
        """Each statistic's numbers with the beginning of their periods; none where there is none."""


class TelemetrySink(Protocol):
    """An OpenTelemetry collector; raises TelemetryNotReachedError when it does not take what it is sent."""

    def send_traces(self, document: Mapping[str, Any]) -> None: ...

    def send_metrics(self, document: Mapping[str, Any]) -> None: ...
