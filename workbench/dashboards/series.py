"""From the charts of a dashboard's body to their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_QUERIES: Final = 500
"""Of one GetMetricData, by CloudWatch's limits."""
WINDOWS: Final = tuple(timedelta(minutes=minutes) for minutes in (15, 60, 180, 720, 1440, 4320))
"""What a page may show: the shortest that has all numbers."""

MICROSECONDS: Final = frozenset({"ModelLatency", "OverheadLatency", "ModelSetupTime"})
"""Metrics that are shown in milliseconds."""


@dataclass(frozen=True, slots=True)
class Series:
    """
    One line of a chart.

    Attributes:
        label: What it is called.
        color: ``#rrggbb``.
        points: Moment (the beginning of the period) and value, in time order.
    """

    label: str
    color: str
    points: Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with its numbers; latencies are in milliseconds."""

    title: str
    unit: str
    stacked: bool
    from_zero: bool
    period: timedelta
    series: Sequence[Series]
    marks: Sequence[Mark]

    @property
    def moments(self) -> Iterator[datetime]:
        """Of all numbers."""
        return (at for one in self.series for at, _ in one.points)


def charts_of(body: Mapping[str, Any], client: Any, *, until: datetime, back: timedelta) -> list[Chart]:
    """
    The charts of a dashboard's body in its order.

    Args:
        body: As PutDashboard took it.
        client: CloudWatch.
        until: The last moment.
        back: How far to look back from there.
    """
    widgets = [one["properties"] for one in body["widgets"] if one["type"] == "metric"]
    queries = [
        query(f"c{chart}m{number}", metric, int(properties["period"]))
        for chart, properties in enumerate(widgets)
        for number, metric in enumerate(properties["metrics"])
    ]
    found = values_of(client, queries, until - back, until)
    return [
        _chart(
            properties, [found.get(f"c{chart}m{number}", []) for number in range(len(properties["metrics"]))]
        )
        for chart, properties in enumerate(widgets)
    ]


def window_of(charts: Sequence[Chart], until: datetime) -> timedelta:
    """The shortest window that has all numbers; an hour where there is none."""
    oldest = min((at for chart in charts for at in chart.moments), default=until - WINDOWS[1])
    return next((window for window in WINDOWS if until - window <= oldest), WINDOWS[-1])


def query(query_id: str, metric: Sequence[Any], period: int) -> dict[str, Any]:
    """A query of GetMetricData for a line as a dashboard names it; ``period`` in seconds."""
    namespace, name, *dimensions, options = metric
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [
                    {"Name": key, "Value": value}
                    for key, value in zip(dimensions[::2], dimensions[1::2], strict=True)
                ],
            },
            "Period": period,
            "Stat": options["stat"],
        },
        "ReturnData": True,
    }


def values_of(
    client: Any, queries: Sequence[dict[str, Any]], start: datetime, end: datetime
) -> dict[str, list[tuple[datetime, float]]]:
    """Query to its numbers in time order."""
    found: dict[str, list[tuple[datetime, float]]] = {}
    for first in range(0, len(queries), MAX_QUERIES):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=list(queries[first : first + MAX_QUERIES]),
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                points = zip(result["Timestamps"], result["Values"], strict=True)
                found.setdefault(result["Id"], []).extend((at.astimezone(UTC), value) for at, value in points)
    return {query_id: sorted(points) for query_id, points in found.items()}


def _chart(properties: Mapping[str, Any], values: Sequence[list[tuple[datetime, float]]]) -> Chart:
    metrics = properties["metrics"]
    slow = any(metric[1] in MICROSECONDS for metric in metrics)
    annotations = properties.get("annotations", {}).get("vertical", ())
    return Chart(
        title=properties["title"],
        unit="ms" if slow else "",
        stacked=bool(properties.get("stacked")),
        from_zero="min" in properties.get("yAxis", {}).get("left", {}),
        period=timedelta(seconds=int(properties["period"])),
        series=[
            Series(
                metric[-1]["label"],
                metric[-1]["color"],
                [(at, value / 1000 if slow else value) for at, value in points],
            )
            for metric, points in zip(metrics, values, strict=True)
        ],
        marks=[Mark(datetime.fromisoformat(one["value"]), one["label"]) for one in annotations],
    )
