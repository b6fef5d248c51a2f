"""
What CloudWatch's PutDashboard refuses of a dashboard's body.

After the page "Dashboard body structure and syntax" of CloudWatch's API reference; what that page leaves
open is let through.
"""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_WIDGETS: Final = 500
MAX_METRICS: Final = 500
MAX_ALARMS: Final = 100
GRID_COLUMNS: Final = 24
MAX_HEIGHT: Final = 1000
SUB_MINUTE_PERIODS: Final = (1, 5, 10, 20, 30)
MINUTE: Final = 60
MAX_DIMENSIONS: Final = 30

TYPES: Final = ("metric", "text", "log", "alarm", "explorer", "custom")
VIEWS: Final = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
METRIC_OPTIONS: Final = frozenset(
    {"accountId", "color", "expression", "id", "label", "period", "region", "stat", "visible", "yAxis"}
)
TOP: Final = frozenset({"widgets", "start", "end", "periodOverride", "variables"})


def problems(text: str) -> list[str]:
    """
    Each as ``path: what is wrong``; none: CloudWatch takes it.

    >>> problems('{"widgets": [{"type": "text", "properties": {"markdown": "hi"}}]}')
    []
    >>> problems('{"widgets": [{"type": "text", "width": 25, "properties": {}}]}')
    ['/widgets/0/width: should be 1 to 24', "/widgets/0/properties: should have property 'markdown'"]
    """
    try:
        body = json.loads(text)
    except ValueError as error:
        return [f"/: is not JSON: {error}"]
    if not isinstance(body, dict):
        return ["/: should be an object"]
    return list(_of_body(body))


def _of_body(body: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(body.keys() - TOP):
        yield f"/{key}: is unknown"
    if body.get("periodOverride", "auto") not in ("auto", "inherit"):
        yield "/periodOverride: should be auto or inherit"
    if "end" in body and "start" not in body:
        yield "/end: needs a start"
    widgets = body.get("widgets")
    if not isinstance(widgets, list):
        yield "/: should have property 'widgets'"
        return
    if len(widgets) > MAX_WIDGETS:
        yield f"/widgets: should be no more than {MAX_WIDGETS}"
    for index, widget in enumerate(widgets):
        yield from _of_widget(f"/widgets/{index}", widget)


def _of_widget(at: str, widget: Any) -> Iterator[str]:
    if not isinstance(widget, dict):
        yield f"{at}: should be an object"
        return
    kind = widget.get("type")
    if kind not in TYPES:
        yield f"{at}/type: should be one of {', '.join(TYPES)}"
    for key, low, high in (
        ("x", 0, GRID_COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, GRID_COLUMNS),
        ("height", 1, MAX_HEIGHT),
    ):
        value = widget.get(key, low)
        if type(value) is not int or value < low or (high is not None and value > high):
            yield f"{at}/{key}: should be {low} to {high}" if high else f"{at}/{key}: should be {low} or more"
    if ("x" in widget) != ("y" in widget):
        yield f"{at}: x and y go together"
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        yield f"{at}: should have property 'properties'"
        return
    check = _CHECKS.get(str(kind))
    if check is not None:
        yield from check(f"{at}/properties", properties)


def _of_text(at: str, properties: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(properties.get("markdown"), str):
        yield f"{at}: should have property 'markdown'"


def _of_alarms(at: str, properties: Mapping[str, Any]) -> Iterator[str]:
    alarms = properties.get("alarms")
    if not isinstance(alarms, list) or not 1 <= len(alarms) <= MAX_ALARMS:
        yield f"{at}/alarms: should be 1 to {MAX_ALARMS}"
        return
    for index, alarm in enumerate(alarms):
        if not (isinstance(alarm, str) and alarm.startswith("arn:") and ":alarm:" in alarm):
            yield f"{at}/alarms/{index}: should be an alarm's ARN"


def _of_chart(at: str, properties: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(properties.get("region"), str):
        yield f"{at}: should have property 'region'"
    if properties.get("view", "timeSeries") not in VIEWS:
        yield f"{at}/view: should be one of {', '.join(VIEWS)}"
    if not isinstance(properties.get("stacked", False), bool):
        yield f"{at}/stacked: should be true or false"
    yield from _of_period(at, properties)
    yield from _of_axis(at, properties.get("yAxis", {}))
    annotations = properties.get("annotations", {})
    metrics = properties.get("metrics")
    if metrics is None and "alarms" not in annotations:
        yield f"{at}: should have property 'metrics'"
    elif metrics is not None:
        if not isinstance(metrics, list) or not 1 <= len(metrics) <= MAX_METRICS:
            yield f"{at}/metrics: should be 1 to {MAX_METRICS}"
            return
        for index, metric in enumerate(metrics):
            yield from _of_metric(f"{at}/metrics/{index}", metric)
    for index, mark in enumerate(annotations.get("vertical", ())):
        yield from _of_mark(f"{at}/annotations/vertical/{index}", mark)


def _of_period(at: str, options: Mapping[str, Any]) -> Iterator[str]:
    period = options.get("period", MINUTE)
    whole = type(period) is int and period > 0
    if not whole or (period % MINUTE and period not in SUB_MINUTE_PERIODS):
        yield f"{at}/period: should be {SUB_MINUTE_PERIODS} or a multiple of {MINUTE}"


def _of_axis(at: str, axis: Any) -> Iterator[str]:
    for side in axis if isinstance(axis, dict) else ():
        if side not in ("left", "right"):
            yield f"{at}/yAxis/{side}: is unknown"
        elif unknown := sorted(axis[side].keys() - {"label", "min", "max", "showUnits"}):
            yield f"{at}/yAxis/{side}/{unknown[0]}: is unknown"


def _of_metric(at: str, metric: Any) -> Iterator[str]:
    if not isinstance(metric, list) or not metric:
        yield f"{at}: should be an array"
        return
    options = metric[-1] if isinstance(metric[-1], dict) else {}
    names = metric[:-1] if isinstance(metric[-1], dict) else metric
    for key in sorted(options.keys() - METRIC_OPTIONS):
        yield f"{at}/{key}: is unknown"
    yield from _of_period(at, options)
    if options.get("yAxis", "left") not in ("left", "right"):
        yield f"{at}/yAxis: should be left or right"
    if "expression" in options:
        if names:
            yield f"{at}: an expression has no metric"
        return
    if not all(isinstance(name, str) and name for name in names):
        yield f"{at}: names should be texts"
    elif "..." not in names and (len(names) < 2 or len(names) % 2):  # noqa: PLR2004 - namespace and name
        yield f"{at}: should be namespace, name, and pairs of dimension and value"
    elif len(names) > 2 + 2 * MAX_DIMENSIONS:
        yield f"{at}: has more than {MAX_DIMENSIONS} dimensions"


def _of_mark(at: str, mark: Any) -> Iterator[str]:
    marks = mark if isinstance(mark, list) else [mark]  # a pair is a band
    moments = []
    for one in marks:
        try:
            moments.append(datetime.fromisoformat(str(one.get("value"))))
        except (ValueError, AttributeError):
            yield f"{at}/value: should be a moment in ISO 8601"
    if any(later < earlier for earlier, later in pairwise(moments)):
        yield f"{at}: ends before it begins"


_CHECKS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[str]]]] = {
    "text": _of_text,
    "alarm": _of_alarms,
    "metric": _of_chart,
}
