"""
The platform's plots from the numbers in the report.

What a point holds: ``roc`` [false positive rate, true positive rate]; ``precision-recall`` [recall,
precision]; ``calibration`` [mean score, share of label 1, share of the rows]; ``residuals`` [from, to,
share of the rows]; ``residuals-by-prediction`` [mean prediction, 10th percentile, median, 90th percentile
of prediction less label]; ``confusion`` one row of the matrix. Training curves: [seconds, value].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.comparison import number
from slipway.domain.shapes import listed, mapping
from slipway.domain.svg_chart import (
    BLUE,
    HEIGHT,
    INK,
    LEFT,
    ORANGE,
    RIGHT,
    SOFT,
    TOP,
    WIDTH,
    Axis,
    Chart,
    framed,
    spanning,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LOOKS: Final[Mapping[str, tuple[str, str]]] = {"challenger": (BLUE, ""), "champion": (ORANGE, "6 4")}
"""Colour and dashes of each side."""
MAX_CURVES: Final = 12
_FEW_CLASSES: Final = 8
_LONGEST_CLASS: Final = 12
_DARK: Final = 0.55


@dataclass(frozen=True, slots=True)
class DrawnPlot:
    """A picture: its title, and an SVG document."""

    title: str
    svg: str


def draw_plots(report: Mapping[str, Any]) -> list[DrawnPlot]:
    """The plots that a report's rows give; what another version of it holds besides is passed over."""
    rows, declared = mapping(report.get("rows")), mapping(report.get("metric_declarations"))
    versions = {side: str(mapping(report.get(side)).get("version", "")) for side in _LOOKS}
    unit = str(mapping(declared.get(str(report.get("primary_metric")))).get("unit", ""))
    drawn = []
    for plot in listed(rows.get("plots")):
        draw = _DRAW.get(str(plot.get("kind")))
        series = [
            _Series(one["side"], versions.get(one["side"], ""), one["points"])
            for one in plot.get("series") or ()
            if one.get("points")
        ]
        if draw and series:
            drawn.append(draw(series, list(plot.get("classes") or ()), "" if unit == "1" else unit))
    return drawn


def draw_curves(report: Mapping[str, Any]) -> list[DrawnPlot]:
    """One chart for each metric that the training job printed as it went on: more than once."""
    curves = mapping(report.get("training_curves"))
    return [_curve(name, points) for name, points in list(curves.items())[:MAX_CURVES] if len(points) > 1]


@dataclass(frozen=True, slots=True)
class _Series:
    side: str
    version: str
    points: Sequence[Sequence[float]]

    @property
    def name(self) -> str:
        return f"{self.side} {self.version}".strip()

    @property
    def color(self) -> str:
        return _LOOKS.get(self.side, (INK, ""))[0]

    @property
    def dashes(self) -> str:
        return _LOOKS.get(self.side, (INK, ""))[1]


def _unit_axes(title: str, across: str, up: str) -> Chart:
    return Chart(title, Axis(across, 0.0, 1.0), Axis(up, 0.0, 1.0))


def _roc(series: Sequence[_Series], _classes: Sequence[str], _unit: str) -> DrawnPlot:
    chart = _unit_axes("ROC curve", "false positive rate", "true positive rate")
    chart.line([(0, 0), (1, 1)], color=SOFT, dashes="2 4")
    return _lines(chart, series)


def _precision_recall(series: Sequence[_Series], _classes: Sequence[str], _unit: str) -> DrawnPlot:
    return _lines(_unit_axes("Precision and recall", "recall", "precision"), series)


def _calibration(series: Sequence[_Series], _classes: Sequence[str], _unit: str) -> DrawnPlot:
    chart = _unit_axes("Calibration", "mean score of ten bins", "share of label 1")
    chart.line([(0, 0), (1, 1)], color=SOFT, dashes="2 4")
    for one in series:
        chart.dots(one.points, color=one.color)
    return _lines(chart, series)


def _lines(chart: Chart, series: Sequence[_Series]) -> DrawnPlot:
    for one in series:
        chart.line(one.points, color=one.color, dashes=one.dashes, name=one.name)
    return DrawnPlot(chart.title, chart.svg())


def _residuals(series: Sequence[_Series], _classes: Sequence[str], unit: str) -> DrawnPlot:
    edges = [edge for one in series for point in one.points for edge in point[:2]]
    heights = [point[2] for one in series for point in one.points]
    chart = Chart(
        "Residuals",
        Axis(_with_unit("prediction less label", unit), min(edges), max(edges)),
        Axis("share of the rows", 0.0, max(heights) * 1.06 or 1.0),
    )
    for one in series:
        chart.steps(one.points, color=one.color, dashes=one.dashes, name=one.name)
    return DrawnPlot(chart.title, chart.svg())


def _residual_bands(series: Sequence[_Series], _classes: Sequence[str], unit: str) -> DrawnPlot:
    across = spanning(_with_unit("prediction", unit), [point[0] for one in series for point in one.points])
    values = [value for one in series for point in one.points for value in point[1:]]
    chart = Chart("Residuals by prediction", across, spanning("median, 10th to 90th percentile", values))
    chart.line([(across.low, 0), (across.high, 0)], color=SOFT, dashes="2 4")
    for one in series:
        chart.band([(point[0], point[1], point[3]) for point in one.points], color=one.color)
    return _lines(
        chart,
        [_Series(one.side, one.version, [(point[0], point[2]) for point in one.points]) for one in series],
    )


def _with_unit(words: str, unit: str) -> str:
    return f"{words} ({unit})" if unit else words


def _confusion(series: Sequence[_Series], classes: Sequence[str], _unit: str) -> DrawnPlot:
    """Darker the larger a cell's share of its label; few classes have their counts written in."""
    one = series[0]
    count, left, top = len(one.points), LEFT + 40, TOP + 40
    size = min((WIDTH - left - RIGHT) / count, (HEIGHT - top - 10) / count)
    parts = [text("predicted", left, TOP + 8, color=SOFT), text("label", 8, top + 12, color=SOFT)]
    for down, row in enumerate(one.points):
        name = str(classes[down]) if down < len(classes) else str(down)
        shown = name if len(name) <= _LONGEST_CLASS else f"{name[: _LONGEST_CLASS - 1]}…"
        y = top + down * size
        small = 12 if count <= _FEW_CLASSES else 8
        parts.append(text(shown, left - 6, y + size / 2 + 4, anchor="end", size=small))
        parts.append(text(shown, left + down * size + size / 2, top - 6, anchor="middle", size=small))
        whole = sum(row) or 1.0
        for across, value in enumerate(row):
            x, share = left + across * size, value / whole
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{size:.1f}" fill="{BLUE}" '
                f'fill-opacity="{0.04 + 0.9 * share:.2f}" stroke="#fff"/>'
            )
            if count <= _FEW_CLASSES:
                ink = "#fff" if share > _DARK else INK
                parts.append(text(number(value), x + size / 2, y + size / 2 + 4, anchor="middle", color=ink))
    title = f"Confusion, {one.name}"
    return DrawnPlot(title, framed(title, "".join(parts)))


def _curve(name: str, points: Sequence[Sequence[float]]) -> DrawnPlot:
    chart = Chart(
        name,
        spanning("seconds since training began", [point[0] for point in points], from_nought=True),
        spanning("value", [point[1] for point in points]),
    )
    chart.line(points, color=BLUE)
    return DrawnPlot(f"Training: {name}", chart.svg())


_DRAW: Final[Mapping[str, Callable[[Sequence[_Series], Sequence[str], str], DrawnPlot]]] = {
    "roc": _roc,
    "precision-recall": _precision_recall,
    "calibration": _calibration,
    "residuals": _residuals,
    "residuals-by-prediction": _residual_bands,
    "confusion": _confusion,
}
