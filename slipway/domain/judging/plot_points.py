"""
The numbers of the platform's plots, from each side's rows: few enough to be kept in the report.

Curves are exact at their points; of a longer one every so many points are kept, the first and the last
among them. All take weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.multiclass import confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.report import RowsPlot
    from slipway.domain.judging.arrays import Codes, Floats
    from slipway.domain.judging.rows import Side

MAX_POINTS: Final = 200
CALIBRATION_BINS: Final = 10
HISTOGRAM_BINS: Final = 40
RESIDUAL_BINS: Final = 20
MAX_CLASSES: Final = 20
TAIL: Final = 0.005
"""Residuals beyond these quantiles of both sides together count in the outermost bins."""


def plots_of(sides: Mapping[str, Side], threshold: float) -> tuple[RowsPlot, ...]:
    """
    What there is to draw for a task.

    Args:
        sides: ``challenger``, and ``champion`` where it was compared.
        threshold: Binary: from which score on a row counts as 1.
    """
    task = next(iter(sides.values())).task
    if task == "regression":
        return (_histogram(sides), _each("residuals-by-prediction", sides, _residual_bands))
    if task == "binary":
        return _binary(sides, threshold)
    if task == "multiclass":
        return tuple(_confusion(name, side) for name, side in sides.items())
    return ()


def _each(kind: str, sides: Mapping[str, Side], points: object) -> RowsPlot:
    series = [{"side": name, "points": points(side)} for name, side in sides.items()]  # type: ignore[operator]
    return {"kind": kind, "series": series}  # type: ignore[typeddict-item]


def _binary(sides: Mapping[str, Side], threshold: float) -> tuple[RowsPlot, ...]:
    scored = {name: side for name, side in sides.items() if side.score is not None}
    plots = []
    if scored:
        both = {name: side for name, side in scored.items() if 0 < side.label.sum() < len(side)}
        if both:
            plots += [_each("roc", both, roc), _each("precision-recall", both, precision_recall)]
        likely = {
            name: side for name, side in scored.items() if ((_score(side) >= 0) & (_score(side) <= 1)).all()
        }
        if likely:
            plots.append(_each("calibration", likely, calibration))
    for name, side in sides.items():
        said = _score(side) >= threshold if side.score is not None else side.column("prediction") == 1
        cells = (side.label * 2 + said).astype(np.intp)
        counts = _counted(cells, side.weights, 4).reshape(2, 2)
        plots.append(_matrix(name, counts, ["0", "1"]))
    return tuple(plots)


def _counted(cells: Codes, weights: Floats, count: int) -> Floats:
    """The weight in each of so many cells."""
    return np.bincount(cells, weights=weights, minlength=count).astype(np.float64)


def _score(side: Side) -> Floats:
    return side.column("score")


def _thresholds(side: Side) -> tuple[Floats, Floats]:
    """Weight of rows of label 1, and of label 0, from each distinct score on; the highest score first."""
    score = _score(side)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hits = np.cumsum((side.label * side.weights)[order])[last]
    return hits, np.cumsum(side.weights[order])[last] - hits


def roc(side: Side) -> list[list[float]]:
    """``[false positive rate, true positive rate]`` from (0, 0) to (1, 1)."""
    hits, false = _thresholds(side)
    curve = np.column_stack([false / false[-1], hits / hits[-1]])
    return _thinned(np.vstack([[0.0, 0.0], curve]))


def precision_recall(side: Side) -> list[list[float]]:
    """``[recall, precision]``, the highest score first."""
    hits, false = _thresholds(side)
    found = hits + false
    curve = np.column_stack([hits / hits[-1], hits / np.where(found > 0, found, 1)])
    return _thinned(curve[found > 0])


def calibration(side: Side) -> list[list[float]]:
    """``[mean score, share of label 1, share of the rows]`` of each of ten bins that has rows."""
    score = _score(side)
    cells = np.minimum((score * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    weight, scored, labelled = (
        _counted(cells, terms * side.weights, CALIBRATION_BINS)
        for terms in (np.ones(len(side)), score, side.label)
    )
    there = weight > 0
    points = np.column_stack([scored, labelled, weight])[there]
    points[:, :2] /= weight[there, None]
    points[:, 2] /= weight.sum()
    return _listed(points)


def _residual(side: Side) -> Floats:
    return side.column("prediction") - side.label


def _histogram(sides: Mapping[str, Side]) -> RowsPlot:
    """``[from, to, share of the rows]``; both sides share the edges."""
    together = np.concatenate([_residual(side) for side in sides.values()])
    low, high = (float(edge) for edge in np.quantile(together, [TAIL, 1 - TAIL]))
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)

    def shares(side: Side) -> list[list[float]]:
        inside = np.clip(_residual(side), low, high)
        counts = np.histogram(inside, edges, weights=side.weights)[0]
        return _listed(np.column_stack([edges[:-1], edges[1:], counts / side.weights.sum()]))

    return _each("residuals", sides, shares)


def _residual_bands(side: Side) -> list[list[float]]:
    """``[mean prediction, 10th percentile, median, 90th percentile of the residuals]`` of equal shares."""
    predicted = side.column("prediction")
    order = np.argsort(predicted, kind="stable")
    points = []
    for part in np.array_split(order, min(RESIDUAL_BINS, len(side))):
        weights = side.weights[part]
        if weights.any():
            mean = float(np.average(predicted[part], weights=weights))
            points.append([mean, *_quantiles(_residual(side)[part], weights)])
    return _listed(np.array(points))


def _quantiles(values: Floats, weights: Floats) -> list[float]:
    """The smallest values below or at which 10, 50 and 90 % of the weight lie."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array([0.1, 0.5, 0.9]) * reached[-1] * (1 - 1e-12))
    return [float(value) for value in values[order][places]]


def _confusion(name: str, side: Side) -> RowsPlot:
    """The classes with the most rows; the others together as the last one."""
    counts, classes = confusion_matrix(side), list(side.classes)
    if len(classes) > MAX_CLASSES:
        order = np.argsort(-(counts.sum(axis=0) + counts.sum(axis=1)), kind="stable")
        kept = np.sort(order[: MAX_CLASSES - 1])
        place = np.full(len(classes), MAX_CLASSES - 1)
        place[kept] = np.arange(MAX_CLASSES - 1)
        smaller = np.zeros((MAX_CLASSES, MAX_CLASSES))
        np.add.at(smaller, (place[:, None], place[None, :]), counts)
        counts, classes = smaller, [*(classes[index] for index in kept), "others"]
    return _matrix(name, counts, classes)


def _matrix(name: str, counts: Floats, classes: list[str]) -> RowsPlot:
    return {"kind": "confusion", "series": [{"side": name, "points": _listed(counts)}], "classes": classes}


def _thinned(points: Floats) -> list[list[float]]:
    if len(points) <= MAX_POINTS:
        return _listed(points)
    # by the way along the curve: steep parts keep as many points as flat ones
    way = np.append(0.0, np.cumsum(np.abs(np.diff(points, axis=0)).sum(axis=1)))
    wanted = np.linspace(0.0, way[-1], MAX_POINTS)
    kept = np.unique(np.append(np.searchsorted(way, wanted).clip(0, len(points) - 1), [0, len(points) - 1]))
    return _listed(points[kept])


def _listed(points: Floats) -> list[list[float]]:
    return [[float(f"{value:.6g}") for value in point] for point in points.tolist()]
