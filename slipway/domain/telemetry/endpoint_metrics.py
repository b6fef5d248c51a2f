"""What CloudWatch knows of endpoints in service, as OpenTelemetry's metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.domain.dashboard import INSTANCES, INVOCATIONS
from slipway.domain.telemetry.otlp import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from slipway.domain.watched import WatchedEndpoint, WatchedVariant


@dataclass(frozen=True, slots=True)
class Bridged:
    """One statistic in CloudWatch, and what it is called in OpenTelemetry."""

    namespace: str
    metric: str
    stat: str
    name: str
    unit: str
    kind: str
    scale: float = 1.0


BRIDGED: Final = (
    Bridged(INVOCATIONS, "Invocations", "Sum", "slipway.endpoint.requests", "{request}", "sum"),
    Bridged(INVOCATIONS, "Invocation4XXErrors", "Sum", "slipway.endpoint.errors.client", "{request}", "sum"),
    Bridged(INVOCATIONS, "Invocation5XXErrors", "Sum", "slipway.endpoint.errors.server", "{request}", "sum"),
    Bridged(INVOCATIONS, "ModelLatency", "p50", "slipway.endpoint.latency.p50", "s", "gauge", 1e-6),
    Bridged(INVOCATIONS, "ModelLatency", "p99", "slipway.endpoint.latency.p99", "s", "gauge", 1e-6),
    Bridged(INSTANCES, "CPUUtilization", "Average", "slipway.endpoint.cpu", "%", "gauge"),
    Bridged(INSTANCES, "MemoryUtilization", "Average", "slipway.endpoint.memory", "%", "gauge"),
    Bridged(INSTANCES, "CPUUtilization", "SampleCount", "slipway.endpoint.instances", "{instance}", "gauge"),
    Bridged(names.PREDICTION_NAMESPACE, "Rows", "Sum", "slipway.predictions", "{row}", "sum"),
    Bridged(
        names.PREDICTION_NAMESPACE,
        "UnreadableAnswers",
        "Sum",
        "slipway.predictions.unreadable",
        "{answer}",
        "sum",
    ),
    *(
        Bridged(
            names.PREDICTION_NAMESPACE,
            names.PREDICTION_METRIC,
            stat,
            f"slipway.prediction.{said}",
            "1",
            "gauge",
        )
        for stat, said in (("Average", "mean"), ("p5", "p5"), ("p50", "p50"), ("p95", "p95"))
    ),
)


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One statistic of one variant: as GetMetricData is asked for it, and what becomes of its numbers."""

    bridged: Bridged
    dimensions: Mapping[str, str]
    attributes: Mapping[str, str]

    def request(self, query_id: str, period_seconds: int) -> dict[str, Any]:
        """For ``MetricDataQueries``."""
        metric = {
            "Namespace": self.bridged.namespace,
            "MetricName": self.bridged.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions.items()],
        }
        stat = {"Metric": metric, "Period": period_seconds, "Stat": self.bridged.stat}
        return {"Id": query_id, "MetricStat": stat, "ReturnData": True}

    def point(self, value: float, start: datetime, end: datetime) -> Point:
        """One of its numbers."""
        bridged = self.bridged
        return Point(
            bridged.name, bridged.unit, bridged.kind, value * bridged.scale, start, end, self.attributes
        )


def queries(endpoints: Sequence[WatchedEndpoint]) -> Iterator[MetricQuery]:
    """What is asked of CloudWatch about endpoints in service."""
    for watched in endpoints:
        for variant in watched.variants:
            for bridged in BRIDGED:
                yield MetricQuery(
                    bridged, _dimensions(watched, variant, bridged), _attributes(watched, variant)
                )


def _dimensions(watched: WatchedEndpoint, variant: WatchedVariant, bridged: Bridged) -> dict[str, str]:
    if bridged.namespace == names.PREDICTION_NAMESPACE:
        return {"ModelName": variant.model_name}
    return {"EndpointName": watched.endpoint, "VariantName": variant.variant}


def _attributes(watched: WatchedEndpoint, variant: WatchedVariant) -> dict[str, str]:
    return {
        "slipway.project": watched.project,
        "slipway.model": watched.model,
        "slipway.version": variant.version,
        "slipway.endpoint": watched.endpoint,
        "slipway.variant": variant.variant,
        "slipway.role": variant.role,
    }
