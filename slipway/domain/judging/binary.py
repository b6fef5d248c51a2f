"""Metrics of models that say how probable it is that a label is 1."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.metric import Metric
from slipway.domain.judging.ranked import AveragePrecision, RocArea
from slipway.domain.judging.regression import mean_of
from slipway.domain.judging.statistic import ratio
from slipway.domain.judging.sums import Sums

if TYPE_CHECKING:
    from slipway.domain.judging.arrays import Floats
    from slipway.domain.judging.rows import Side
    from slipway.domain.judging.statistic import Segments, Statistic

THRESHOLD: Final = 0.5
BINS: Final = 10
_SMALLEST: Final = float(np.finfo(np.float64).eps)
"""A probability of 0 or 1 counts as this far from it, so that no single row makes a loss infinite."""
_SCORE: Final = ("score",)
_EITHER: Final = ("score", "prediction")


def _score(side: Side) -> Floats:
    return side.column("score")


def _roc(side: Side, segments: Segments) -> Statistic:
    return RocArea.of(side.label, _score(side), side.weight, segments)


def _precision_recall(side: Side, segments: Segments) -> Statistic:
    return AveragePrecision.of(side.label, _score(side), side.weight, segments)


def _log_loss(side: Side, segments: Segments) -> Statistic:
    score = np.clip(_score(side), _SMALLEST, 1 - _SMALLEST)
    return mean_of(-np.log(np.where(side.label == 1, score, 1 - score)), side.weights, segments)


def _brier(side: Side, segments: Segments) -> Statistic:
    return mean_of(np.square(_score(side) - side.label), side.weights, segments)


def _calibration(side: Side, segments: Segments, bins: int) -> Statistic:
    score = _score(side)
    cells = np.minimum((score * bins).astype(np.int64), bins - 1)
    gaps = (side.label - score) * side.weights
    return Sums.of(np.column_stack([gaps, side.weights]), segments, _gap, cells=cells, cell_count=bins)


def _gap(sums: Floats) -> Floats:
    return ratio(np.abs(sums[..., 0]).sum(axis=2), sums[..., 1].sum(axis=2))


def _found(side: Side, threshold: float) -> Floats:
    """1 where the side says yes."""
    if side.score is not None:
        return (side.score >= threshold).astype(np.float64)
    return side.column("prediction")


def _accuracy(side: Side, segments: Segments, threshold: float) -> Statistic:
    right = (_found(side, threshold) == side.label).astype(np.float64)
    return mean_of(right, side.weights, segments)


def _share(side: Side, segments: Segments, threshold: float, *, found: float, true: float) -> Statistic:
    """Hits over ``found`` times those found and ``true`` times those that are: precision, recall, F1."""
    said = _found(side, threshold)
    hits, weights = said * side.label, side.weights
    terms = np.column_stack([hits * weights, (found * said + true * side.label) * weights])
    return Sums.of(terms, segments, _quotient)


def _quotient(sums: Floats) -> Floats:
    return ratio(sums[:, :, 0, 0], sums[:, :, 0, 1])


def _both_classes(side: Side) -> str:
    counted = side.label if side.weight is None else side.label[side.weight > 0]
    if counted.any() and not counted.all():
        return ""
    return f"every label is {1 if counted.any() else 0}"


def _some_true(side: Side) -> str:
    return "" if (side.label * side.weights).any() else "no label is 1"


def _probabilities(side: Side) -> str:
    wrong = int(np.count_nonzero((_score(side) < 0) | (_score(side) > 1)))
    return f"the score is no probability, below 0 or above 1, in {wrong:,} rows" if wrong else ""


def at_threshold(name: str, threshold: float = THRESHOLD) -> Metric:
    """``f1``, ``precision``, ``recall`` or ``accuracy`` where scores from ``threshold`` on count as 1."""
    full = name if threshold == THRESHOLD else f"{name}({threshold:g})"
    if name == "accuracy":
        return Metric(full, "binary", "maximize", "1", _EITHER, partial(_accuracy, threshold=threshold))
    found, true = {"f1": (0.5, 0.5), "precision": (1.0, 0.0), "recall": (0.0, 1.0)}[name]

    def lack(side: Side) -> str:
        if name == "precision":
            said = (_found(side, threshold) * side.weights).any()
            return "" if said else "no row is predicted as 1"
        return _some_true(side)

    prepare = partial(_share, threshold=threshold, found=found, true=true)
    return Metric(full, "binary", "maximize", "1", _EITHER, prepare, lack=lack)


def calibration_error(bins: int = BINS) -> Metric:
    """
    Expected calibration error: how far shares of 1 lie from the scores, over bins of equal width.

    The sum over bins of the bin's share of the rows times ``|mean label - mean score|`` (Naeini et
    al., 2015). Bin k of n holds scores from k/n up to, but not including, (k+1)/n; the last one holds 1 too.
    """
    full = "ece" if bins == BINS else f"ece({bins})"
    prepare = partial(_calibration, bins=bins)
    return Metric(full, "binary", "minimize", "1", _SCORE, prepare, lack=_probabilities)


AUC: Final = Metric("auc", "binary", "maximize", "1", _SCORE, _roc, lack=_both_classes)
AVERAGE_PRECISION: Final = Metric(
    "average_precision", "binary", "maximize", "1", _SCORE, _precision_recall, lack=_some_true
)
LOG_LOSS: Final = Metric("log_loss", "binary", "minimize", "nats", _SCORE, _log_loss, lack=_probabilities)
BRIER: Final = Metric("brier", "binary", "minimize", "1", _SCORE, _brier, lack=_probabilities)
