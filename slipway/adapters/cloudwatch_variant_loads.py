"""How variants did, from the metrics that SageMaker writes of each."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from slipway.contracts.trial import VariantLoad

_ASKED: Final = (
    ("invocations", "Invocations", "Sum"),
    ("errors", "Invocation5XXErrors", "Sum"),
    ("p50", "ModelLatency", "p50"),
    ("p99", "ModelLatency", "p99"),
)
_MICROSECONDS: Final = 1000.0
"""SageMaker's latencies are in microseconds."""
_KEPT: Final = (
    (timedelta(days=15), 60),
    (timedelta(days=63), 300),
    (timedelta(days=455), 3600),
)
"""CloudWatch keeps minutes for so long, then five minutes of them as one value, then hours."""
_SLACK: Final = timedelta(hours=1)
"""What will be summed up in a moment is asked for as if it were already."""


class CloudWatchVariantLoads:
    """Port ``VariantLoads``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def load(self, endpoint: str, variant: str, *, since: datetime, until: datetime) -> VariantLoad:
        # one value for all of the time: a percentile of minutes' percentiles would be none
        unit = _unit(until - since)
        start = datetime.fromtimestamp(since.timestamp() // unit * unit, UTC)
        period = unit * max(1, math.ceil((until - start).total_seconds() / unit))
        dimensions = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
        answer = self._client.get_metric_data(
            StartTime=timestamp(start),
            EndTime=timestamp(start + timedelta(seconds=period)),
            MetricDataQueries=[
                {
                    "Id": name,
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/SageMaker",
                            "MetricName": metric,
                            "Dimensions": dimensions,
                        },
                        "Period": period,
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


def _unit(age: timedelta) -> int:
    """Seconds; a period that is no multiple of them has no value where the data begin so long ago."""
    return next((unit for kept, unit in _KEPT if age + _SLACK < kept), _KEPT[-1][1])


def _milliseconds(values: list[float]) -> float | None:
    # CloudWatch aligns periods: the time may fall into two of them, of which the worse counts
    return max(values) / _MICROSECONDS if values else None
