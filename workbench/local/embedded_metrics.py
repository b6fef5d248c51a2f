"""
CloudWatch's embedded metric format: a log line that says which of its members are metrics becomes metrics.

Specification: "Embedded metric format" in the CloudWatch user guide.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.local.state import State

MOST_METRICS: Final = 100
MOST_DIMENSIONS: Final = 30
MOST_VALUES: Final = 100
LONGEST_NAME: Final = 1024


@dataclass(frozen=True, slots=True)
class Extracted:
    """One metric of one line, in one set of dimensions."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    unit: str
    at: float
    """Seconds since the epoch."""
    values: tuple[tuple[float, float], ...]
    """Value and how often it was seen."""


class _UnreadableError(ValueError):
    """The line is not in the format; CloudWatch then makes no metric of it."""


def extracted(message: str) -> list[Extracted]:
    """
    The metrics of a log line; none of one that is in another format, or breaks this one.

    >>> line = '{"_aws": {"Timestamp": 1000, "CloudWatchMetrics": [{"Namespace": "N", "Dimensions": [["D"]], '
    >>> line += '"Metrics": [{"Name": "M"}]}]}, "D": "d", "M": {"Values": [2, 3], "Counts": [1, 4]}}'
    >>> [(one.name, one.dimensions, one.values) for one in extracted(line)]
    [('M', {'D': 'd'}, ((2.0, 1.0), (3.0, 4.0)))]
    """
    if '"_aws"' not in message or not message.lstrip().startswith("{"):
        return []
    try:
        document = json.loads(message)
        return list(_metrics(document))
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def _metrics(document: dict[str, Any]) -> Iterator[Extracted]:
    at = float(document["_aws"]["Timestamp"]) / 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        namespace, metrics = directive["Namespace"], directive["Metrics"]
        if not _is_name(namespace) or len(metrics) > MOST_METRICS:
            raise _UnreadableError(namespace)
        for names in directive["Dimensions"]:
            if len(names) > MOST_DIMENSIONS:
                raise _UnreadableError(names)
            dimensions = {name: document[name] for name in names}
            if not all(_is_name(value) for value in dimensions.values()):
                raise _UnreadableError(dimensions)
            for metric in metrics:
                if not _is_name(metric["Name"]):
                    raise _UnreadableError(metric)
                values = _values(document[metric["Name"]])
                unit = metric.get("Unit", "None")
                yield Extracted(namespace, metric["Name"], dimensions, unit, at, values)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _values(target: Any) -> tuple[tuple[float, float], ...]:
    """A number, a list of numbers, or values with their counts."""
    if isinstance(target, dict):
        values = target["Values"]
        counts = target.get("Counts", [1] * len(values))
    else:
        values = target if isinstance(target, list) else [target]
        counts = [1] * len(values)
    if len(values) > MOST_VALUES or len(values) != len(counts):
        raise _UnreadableError(target)
    return tuple((_number(value), _number(count)) for value, count in zip(values, counts, strict=True))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _UnreadableError(value)
    return float(value)


def record(metric: Extracted) -> None:
    """Store it, in the account and region of the log group."""
    key = seams.ALARMS.dimensions_key(metric.dimensions)
    seams.ALARMS.metric_bucket((metric.namespace, metric.name, key)).extend(
        {
            "Timestamp": metric.at,
            "Value": value,
            "Count": count,
            "Unit": metric.unit,
            "Dimensions": metric.dimensions,
        }
        for value, count in metric.values
    )


def install(state: State) -> None:
    """Extract metrics of whatever is written to any log group; not once more when a journal is replayed."""
    put_events = seams.LOGS.put_events

    @functools.wraps(put_events)
    def put_and_extract(data: dict[str, Any]) -> Any:
        answer = put_events(data)
        if answer[0] < 400 and not state.replaying:  # noqa: PLR2004 - HTTP's errors
            for event in data.get("logEvents", []):
                for metric in extracted(event.get("message", "")):
                    record(metric)
        return answer

    seams.LOGS.replace("put_events", put_and_extract)
