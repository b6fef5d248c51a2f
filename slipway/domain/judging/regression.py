"""Metrics of models that predict a number."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.metric import Metric
from slipway.domain.judging.statistic import ratio
from slipway.domain.judging.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.domain.judging.arrays import Floats
    from slipway.domain.judging.difference import Unit
    from slipway.domain.judging.rows import Side
    from slipway.domain.judging.statistic import Segments, Statistic

_NEEDS: Final = ("prediction", "score")
_ROUNDING: Final = 1e-12
"""A variance below this share of the squares it is the difference of is rounding."""


def mean_of(terms: Floats, weights: Floats, segments: Segments) -> Sums:
    """The statistic of a weighted mean."""
    return Sums.of(np.column_stack([terms * weights, weights]), segments, _mean)


def _mean(sums: Floats) -> Floats:
    return ratio(sums[:, :, 0, 0], sums[:, :, 0, 1])


def _root(sums: Floats) -> Floats:
    root: Floats = np.sqrt(_mean(sums))
    return root


def _predicted(side: Side) -> Floats:
    return side.column(*_NEEDS)


def _loss(side: Side, segments: Segments, of: Callable[[Floats, Floats], Floats]) -> Statistic:
    return mean_of(of(side.label, _predicted(side)), side.weights, segments)


def _absolute(label: Floats, predicted: Floats) -> Floats:
    return np.abs(label - predicted)


def _relative(label: Floats, predicted: Floats) -> Floats:
    return np.abs((label - predicted) / label)


def _rmse(side: Side, segments: Segments) -> Statistic:
    squares = np.square(side.label - _predicted(side))
    return Sums.of(np.column_stack([squares * side.weights, side.weights]), segments, _root)


def _r2(side: Side, segments: Segments) -> Statistic:
    # the variance is a difference of sums: taken around the mean, little is lost by it
    label, weights = side.label - side.label.mean(), side.weights
    errors = np.square(side.label - _predicted(side))
    terms = np.column_stack([errors * weights, label * label * weights, label * weights, weights])
    return Sums.of(terms, segments, _determination)


def _determination(sums: Floats) -> Floats:
    errors, squares, linear, weights = np.moveaxis(sums[:, :, 0], -1, 0)
    variance = squares - ratio(linear * linear, weights)
    variance[variance <= _ROUNDING * squares] = 0
    return 1 - ratio(errors, variance)


def _no_zeros(side: Side) -> str:
    zeros = int(np.count_nonzero(side.label == 0))
    return f"the label is 0 in {zeros:,} rows" if zeros else ""


def _varies(side: Side) -> str:
    return "" if np.ptp(side.label) > 0 else "all labels are the same"


def pinball(quantile: float) -> Metric:
    """The loss whose best answer is a quantile, 0 < quantile < 1 (Koenker and Bassett, 1978)."""

    def loss(label: Floats, predicted: Floats) -> Floats:
        error = label - predicted
        return np.maximum(quantile * error, (quantile - 1) * error)

    return _metric(f"pinball({quantile:g})", partial(_loss, of=loss))


def _metric(
    name: str,
    prepare: Callable[[Side, Segments], Statistic],
    unit: Unit = "label",
) -> Metric:
    return Metric(name, "regression", "minimize", unit, _NEEDS, prepare)


MAE: Final = _metric("mae", partial(_loss, of=_absolute))
RMSE: Final = _metric("rmse", _rmse)
MAPE: Final = Metric(
    "mape", "regression", "minimize", "1", _NEEDS, partial(_loss, of=_relative), lack=_no_zeros
)
R2: Final = Metric("r2", "regression", "maximize", "1", _NEEDS, _r2, lack=_varies)
