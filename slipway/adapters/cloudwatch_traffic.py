"""When endpoints were last called, from CloudWatch's metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR: Final = timedelta(hours=1)
MAX_QUERIES: Final = 500
"""Of one GetMetricData, by CloudWatch's limits; an endpoint has at most 10 variants."""


class CloudWatchTraffic:
    """Port ``Traffic``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def called_at(
        self, endpoint: str, variants: Sequence[str], since: datetime, until: datetime
    ) -> datetime | None:
        queries = [_invocations(f"v{n}", endpoint, variant) for n, variant in enumerate(variants)]
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries[:MAX_QUERIES],
            StartTime=since.replace(minute=0, second=0, microsecond=0),
            EndTime=until,
            ScanBy="TimestampDescending",
        )
        found = [
            hour
            for page in pages
            for result in page["MetricDataResults"]
            for hour, calls in zip(result["Timestamps"], result["Values"], strict=True)
            if calls > 0
        ]
        return min(max(found) + HOUR, until) if found else None


def _invocations(query_id: str, endpoint: str, variant: str) -> dict[str, Any]:
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "Invocations",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": int(HOUR.total_seconds()),
            "Stat": "Sum",
        },
        "ReturnData": True,
    }
