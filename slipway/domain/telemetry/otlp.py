"""
Spans and metrics as OTLP writes them in JSON.

As the protocol's JSON mapping has it: ids in hexadecimal, nanoseconds and whole numbers as texts, enums as
numbers, keys in camel case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.domain.telemetry.spans import AttributeValue, Span, Trace

SCOPE: Final = {"name": "slipway"}
_INTERNAL: Final = 1
_STATUS: Final = {"unset": 0, "ok": 1, "error": 2}
_DELTA: Final = 1


def nanoseconds(moment: datetime) -> str:
    """
    Since 1970.

    >>> from datetime import UTC, datetime
    >>> nanoseconds(datetime(1970, 1, 1, 0, 0, 1, 5, UTC))
    '1000005000'
    """
    return str(int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000)


def resource(*, environment: str, region: str, account: str, version: str = "") -> dict[str, AttributeValue]:
    """What tells of itself, in OpenTelemetry's names."""
    attributes: dict[str, AttributeValue] = {
        "service.name": "slipway",
        "service.namespace": "mlops",
        "deployment.environment.name": environment,
        "cloud.provider": "aws",
        "cloud.region": region,
        "cloud.account.id": account,
    }
    return attributes | ({"service.version": version} if version else {})


def traces(found: Sequence[Trace], of: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """
    The body of POST /v1/traces; spans that have not ended are left out.

    Args:
        found: What to tell of.
        of: The resource.
    """
    spans = [
        _span(trace.trace_id, span, span.end)
        for trace in found
        for span in trace.spans
        if span.end is not None
    ]
    scoped = [{"scope": SCOPE, "spans": spans}]
    return {"resourceSpans": [{"resource": {"attributes": _attributes(of)}, "scopeSpans": scoped}]}


def _span(trace: str, span: Span, end: datetime) -> dict[str, Any]:
    document: dict[str, Any] = {
        "traceId": trace,
        "spanId": span.span_id,
        "name": span.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": nanoseconds(span.start),
        "endTimeUnixNano": nanoseconds(end),
        "attributes": _attributes(span.attributes),
        "status": {"code": _STATUS[span.status]},
    }
    if span.parent_id:
        document["parentSpanId"] = span.parent_id
    if span.links:
        document["links"] = [{"traceId": linked, "spanId": one} for linked, one in span.links]
    if span.status == "error":
        document["status"]["message"] = span.message
        document["events"] = [
            {
                "name": "exception",
                "timeUnixNano": nanoseconds(end),
                "attributes": _attributes(
                    {
                        "exception.type": span.attributes.get("error.type", "error"),
                        "exception.message": span.message,
                    }
                ),
            }
        ]
    return document


@dataclass(frozen=True, slots=True)
class Point:
    """
    One number of a metric.

    Attributes:
        metric: Its name.
        unit: By UCUM: ``s``, ``ms``, ``%``, ``{request}``.
        kind: ``gauge``: as it was then. ``sum``: counted from ``start`` to ``at``. ``histogram``: one value.
        value: It.
        start: From when it was counted; of a gauge of no meaning.
        at: Until when.
        attributes: What tells it from others of the metric.
    """

    metric: str
    unit: str
    kind: str
    value: float
    start: datetime
    at: datetime
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


def metrics(points: Sequence[Point], of: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """The body of POST /v1/metrics."""
    by_metric: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        by_metric.setdefault((point.metric, point.unit, point.kind), []).append(point)
    documents = [_metric(name, unit, kind, found) for (name, unit, kind), found in by_metric.items()]
    scoped = [{"scope": SCOPE, "metrics": documents}]
    return {"resourceMetrics": [{"resource": {"attributes": _attributes(of)}, "scopeMetrics": scoped}]}


def _metric(name: str, unit: str, kind: str, points: Sequence[Point]) -> dict[str, Any]:
    if kind == "gauge":
        data: dict[str, Any] = {"gauge": {"dataPoints": [_number(one) for one in points]}}
    elif kind == "sum":
        numbers = [_number(one) for one in points]
        data = {"sum": {"dataPoints": numbers, "aggregationTemporality": _DELTA, "isMonotonic": True}}
    else:
        buckets = [_histogram(one) for one in points]
        data = {"histogram": {"dataPoints": buckets, "aggregationTemporality": _DELTA}}
    return {"name": name, "unit": unit, **data}


def _number(point: Point) -> dict[str, Any]:
    return {**_times(point), "asDouble": point.value, "attributes": _attributes(point.attributes)}


BOUNDS: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 604800.0)
"""Of durations in seconds: a function takes one, a person a week."""


def _histogram(point: Point) -> dict[str, Any]:
    """A histogram of one value."""
    place = sum(bound < point.value for bound in BOUNDS)
    return {
        **_times(point),
        "count": "1",
        "sum": point.value,
        "min": point.value,
        "max": point.value,
        "explicitBounds": list(BOUNDS),
        "bucketCounts": ["1" if index == place else "0" for index in range(len(BOUNDS) + 1)],
        "attributes": _attributes(point.attributes),
    }


def _times(point: Point) -> dict[str, str]:
    return {"startTimeUnixNano": nanoseconds(point.start), "timeUnixNano": nanoseconds(point.at)}


def _attributes(values: Mapping[str, AttributeValue]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: AttributeValue) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}
