"""From a dashboard's body to one row for each variant: what its charts show, over one window as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workbench.dashboards.series import MICROSECONDS, query, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

_FIELDS: Final = {
    ("Invocations", "Sum"): "requests",
    ("Invocation4XXErrors", "Sum"): "errors_4xx",
    ("Invocation5XXErrors", "Sum"): "errors_5xx",
    ("InvocationModelErrors", "Sum"): "errors_by_model",
    ("ModelLatency", "p50"): "latency_p50",
    ("ModelLatency", "p90"): "latency_p90",
    ("ModelLatency", "p99"): "latency_p99",
    ("CPUUtilization", "Average"): "cpu",
    ("MemoryUtilization", "Average"): "memory",
    ("DiskUtilization", "SampleCount"): "instances",
}
"""Metric and statistic of a dashboard's line to the column that it fills."""


@dataclass(frozen=True, slots=True)
class VariantWindow:
    """
    What one variant did in a window; None where CloudWatch has no number.

    Attributes:
        variant: SageMaker's name of it.
        label: What the charts call it, such as ``v-1-1-0 (shadow)``.
        requests: How many.
        errors_4xx: How many were answered so.
        errors_5xx: The same.
        errors_by_model: Answers of the model itself that were no 2xx.
        latency_p50: Milliseconds in the model; so p90 and p99.
        latency_p90: See there.
        latency_p99: See there.
        cpu: Percent of a core, the mean.
        memory: Percent, the mean.
        instances: That reported in the last minute that any did.
    """

    variant: str
    label: str
    requests: float | None = None
    errors_4xx: float | None = None
    errors_5xx: float | None = None
    errors_by_model: float | None = None
    latency_p50: float | None = None
    latency_p90: float | None = None
    latency_p99: float | None = None
    cpu: float | None = None
    memory: float | None = None
    instances: float | None = None


def variants_of(
    body: Mapping[str, Any], client: Any, *, until: datetime, back: timedelta
) -> list[VariantWindow]:
    """
    A row for each variant on a dashboard, in its order.

    Percentiles can't be made from those of each minute: CloudWatch is asked for the window as one period.
    Where it cuts that in two (its periods begin where it likes), sums are added, means averaged, and of a
    percentile counts the greater: that of both together is at most this.

    Args:
        body: As PutDashboard took it.
        client: CloudWatch.
        until: The last moment.
        back: The window's length: whole minutes, a day at most, as CloudWatch's periods.
    """
    lines, found = list(_lines(body)), dict[str, dict[str, Any]]()
    queries = [query(f"v{number}", line, _period(field, back)) for number, (field, line) in enumerate(lines)]
    start = until.replace(second=0, microsecond=0) - back
    values = values_of(client, queries, start, until)
    for number, (field, line) in enumerate(lines):
        row = found.setdefault(_variant(line), {"label": ""})
        if field == "requests":
            row["label"] = line[-1]["label"]
        row[field] = _whole(field, line, [value for _, value in values.get(f"v{number}", [])])
    return [VariantWindow(variant, **row) for variant, row in found.items()]


def _lines(body: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Each line of a chart that fills a column, with that column."""
    for widget in body["widgets"]:
        for line in widget["properties"].get("metrics", ()):
            field = _FIELDS.get((line[1], line[-1]["stat"]))
            if field is not None:
                yield field, line


def _variant(line: Sequence[Any]) -> str:
    return str(dict(zip(line[2:-1:2], line[3:-1:2], strict=True))["VariantName"])


def _period(field: str, back: timedelta) -> int:
    # Each instance reports once a minute: over a longer period they would be counted again and again.
    return 60 if field == "instances" else int(back.total_seconds())


def _whole(field: str, line: Sequence[Any], values: Sequence[float]) -> float | None:
    if not values:
        return None
    scale = 1000 if line[1] in MICROSECONDS else 1
    if field == "instances":
        return values[-1]
    stat = line[-1]["stat"]
    if stat == "Sum":
        return sum(values)
    return (sum(values) / len(values) if stat == "Average" else max(values)) / scale
