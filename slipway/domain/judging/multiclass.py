"""Metrics of models that name one of several classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.metric import Metric
from slipway.domain.judging.regression import mean_of
from slipway.domain.judging.statistic import ratio
from slipway.domain.judging.sums import Sums

if TYPE_CHECKING:
    from slipway.domain.judging.arrays import Counts, Floats
    from slipway.domain.judging.rows import Side
    from slipway.domain.judging.statistic import Segments, Statistic

_SMALLEST: Final = float(np.finfo(np.float64).eps)
_ALL_BUT_ROUNDING: Final = 1e-4
"""Written probabilities of a row may miss a sum of 1 by this much."""


def _predicted(side: Side) -> Floats:
    return side.column("prediction")


def _scores(side: Side) -> Floats:
    return side.column("class_scores")


def _accuracy(side: Side, segments: Segments) -> Statistic:
    right = (_predicted(side) == side.label).astype(np.float64)
    return mean_of(right, side.weights, segments)


def _log_loss(side: Side, segments: Segments) -> Statistic:
    chosen = _scores(side)[np.arange(len(side)), side.label.astype(np.intp)]
    return mean_of(-np.log(np.clip(chosen, _SMALLEST, 1 - _SMALLEST)), side.weights, segments)


@dataclass(frozen=True, slots=True)
class _ClassF1:
    """F1 of each class, and their mean: of the classes that were drawn, or by their share of the labels."""

    labelled: Sums
    """Of each class's rows: weight, and weight of those that were found."""
    predicted: Sums
    """Of the rows that were predicted as each class: weight."""
    by_share: bool

    @classmethod
    def of(cls, side: Side, segments: Segments, *, by_share: bool) -> _ClassF1:
        weights, found = side.weights, _predicted(side)
        hits = (found == side.label) * weights
        count = len(side.classes)
        label = side.label.astype(np.int64)
        true = Sums.of(np.column_stack([weights, hits]), segments, _flat, cells=label, cell_count=count)
        said = Sums.of(weights[:, None], segments, _flat, cells=found.astype(np.int64), cell_count=count)
        return cls(true, said, by_share)

    def values(self, counts: Counts) -> Floats:
        classes = self.labelled.shape[1]
        shape = (len(counts), self.labelled.shape[0], classes)
        true = self.labelled.values(counts).reshape(*shape, 2)
        labels, hits = true[..., 0], true[..., 1]
        said = self.predicted.values(counts).reshape(shape)
        f1 = ratio(2 * hits, labels + said)
        present = labels + said > 0
        weights = labels if self.by_share else present.astype(np.float64)
        return ratio((np.where(present, f1, 0.0) * weights).sum(axis=2), weights.sum(axis=2))


def _flat(sums: Floats) -> Floats:
    return sums.reshape(len(sums), -1)


def confusion_matrix(side: Side) -> Floats:
    """Weight of the rows of each label (down) that were predicted as each class (across)."""
    count = len(side.classes)
    cells = side.label.astype(np.intp) * count + _predicted(side).astype(np.intp)
    return (
        np.bincount(cells, weights=side.weights, minlength=count * count)
        .astype(np.float64)
        .reshape(count, count)
    )


def _probabilities(side: Side) -> str:
    scores = _scores(side)
    wrong = (scores < 0).any(axis=1) | (np.abs(scores.sum(axis=1) - 1) > _ALL_BUT_ROUNDING)
    count = int(np.count_nonzero(wrong))
    return f"the classes' scores are no probabilities that add up to 1 in {count:,} rows" if count else ""


_NEEDS: Final = ("prediction",)
ACCURACY: Final = Metric("accuracy", "multiclass", "maximize", "1", _NEEDS, _accuracy)
F1_MACRO: Final = Metric(
    "f1_macro", "multiclass", "maximize", "1", _NEEDS, partial(_ClassF1.of, by_share=False)
)
F1_WEIGHTED: Final = Metric(
    "f1_weighted", "multiclass", "maximize", "1", _NEEDS, partial(_ClassF1.of, by_share=True)
)
LOG_LOSS: Final = Metric(
    "log_loss", "multiclass", "minimize", "nats", ("class_scores",), _log_loss, lack=_probabilities
)
