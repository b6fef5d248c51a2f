"""Numbers of metrics in CloudWatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from slipway.domain.telemetry.endpoint_metrics import MetricQuery

MAX_QUERIES: Final = 500
"""Of one GetMetricData, by CloudWatch's limits."""


class CloudWatchNumbers:
    """Port ``MetricNumbers``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def numbers(
        self, queries: Sequence[MetricQuery], start: datetime, end: datetime, period_seconds: int
    ) -> Iterator[tuple[MetricQuery, datetime, float]]:
        for first in range(0, len(queries), MAX_QUERIES):
            asked = {f"q{n}": query for n, query in enumerate(queries[first : first + MAX_QUERIES])}
            pages = self._client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[one.request(query_id, period_seconds) for query_id, one in asked.items()],
                StartTime=start,
                EndTime=end,
                ScanBy="TimestampAscending",
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                        yield asked[result["Id"]], at, value
