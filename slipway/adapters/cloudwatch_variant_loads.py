"""How variants did, from the metrics that SageMaker writes of each."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.trial import VariantLoad

_ASKED: Final = (
    ("invocations", "Invocations", "Sum"),
    ("errors", "Invocation5XXErrors", "Sum"),
    ("p50", "ModelLatency", "p50"),
    ("p99", "ModelLatency", "p99"),
)
_MICROSECONDS: Final = 1000.0
"""SageMaker's latencies are in microseconds."""
_MINUTE: Final = 60


class CloudWatchVariantLoads:
    """Port ``VariantLoads``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def load(self, endpoint: str, variant: str, *, since: datetime, until: datetime) -> VariantLoad:
        # one value for all of the time: a percentile of minutes' percentiles would be none
        start = since - timedelta(seconds=since.second, microseconds=since.microsecond)
        minutes = max(1, math.ceil((until - start).total_seconds() / _MINUTE))
        dimensions = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
        answer = self._client.get_metric_data(
            StartTime=timestamp(start),
            EndTime=timestamp(start + timedelta(minutes=minutes)),
            MetricDataQueries=[
                {
                    "Id": name,
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/SageMaker",
                            "MetricName": metric,
                            "Dimensions": dimensions,
                        },
                        "Period": minutes * _MINUTE,
                        "Stat": statistic,
                    },
                }
                for name, metric, statistic in _ASKED
            ],
        )
        found = {one["Id"]: [float(value) for value in one["Values"]] for one in answer["MetricDataResults"]}
        return {
            "invocations": sum(found.get("invocations", ())),
            "errors": sum(found.get("errors", ())),
            "latency_p50_ms": _milliseconds(found.get("p50", [])),
            "latency_p99_ms": _milliseconds(found.get("p99", [])),
        }


def _milliseconds(values: list[float]) -> float | None:
    # CloudWatch aligns periods: the time may fall into two of them, of which the worse counts
    return max(values) / _MICROSECONDS if values else None
