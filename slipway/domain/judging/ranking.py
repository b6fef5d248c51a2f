"""Metrics of models that order the rows of a group, such as the hits of a query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.metric import Metric
from slipway.domain.judging.regression import mean_of
from slipway.domain.judging.statistic import Segments

if TYPE_CHECKING:
    from slipway.domain.judging.arrays import Codes, Counts, Floats, Places
    from slipway.domain.judging.rows import Side
    from slipway.domain.judging.statistic import Statistic
    from slipway.domain.judging.sums import Sums

ALL: Final = 0
"""No cut-off."""


@dataclass(frozen=True, slots=True)
class _GroupMeans:
    """A mean over groups: rows of a group are drawn together, so its first row's count is the group's."""

    first: Places
    means: Sums

    def values(self, counts: Counts) -> Floats:
        return self.means.values(np.take(counts, self.first, axis=1))


def _ndcg(side: Side, segments: Segments, cutoff: int) -> Statistic:
    groups, first, codes = np.unique(side.column("group"), return_index=True, return_inverse=True)
    gains = _discounted(codes, side.label, side.column("score"), len(groups), cutoff)
    ideal = _discounted(codes, side.label, side.label, len(groups), cutoff)
    values = np.zeros(len(groups))
    np.divide(gains, ideal, out=values, where=ideal > 0)
    weights = np.bincount(codes, weights=side.weights) / np.bincount(codes)
    return _GroupMeans(first, mean_of(values, weights, _of_groups(segments, codes, first)))


def _of_groups(segments: Segments, codes: Codes, first: Places) -> Segments:
    """Segments of groups; one that lies in several belongs to none."""
    if segments.codes is None:
        return segments
    of_group = segments.codes[first]
    mixed = np.zeros(len(first), dtype=np.bool_)
    mixed[codes[segments.codes != of_group[codes]]] = True
    return Segments(np.where(mixed, -1, of_group), segments.count)


def _discounted(codes: Codes, label: Floats, score: Floats, groups: int, cutoff: int) -> Floats:
    """Discounted gain of each group in the order of scores; rows of one score share their mean gain."""
    order = np.lexsort((-score, codes))
    sorted_codes, sorted_scores, gains = codes[order], score[order], label[order]
    begins = np.searchsorted(sorted_codes, np.arange(groups))
    rank = np.arange(len(order)) - begins[sorted_codes]
    discounts = 1 / np.log2(rank + 2)
    if cutoff:
        discounts[rank >= cutoff] = 0
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (sorted_codes[1:] != sorted_codes[:-1]) | (sorted_scores[1:] != sorted_scores[:-1])
    ties = np.flatnonzero(new)
    mean = np.add.reduceat(gains, ties) / np.diff(np.append(ties, len(order)))
    totals = mean * np.add.reduceat(discounts, ties)
    return np.bincount(sorted_codes[ties], weights=totals, minlength=groups).astype(np.float64)


def ndcg(cutoff: int = ALL) -> Metric:
    """
    Normalised discounted cumulative gain of the first ``cutoff`` rows of each group, mean over groups.

    The gain is the label itself and the discount is log2(rank + 1) (Järvelin and Kekäläinen, 2002); tied
    scores share their mean gain (McSherry and Najork, 2008); a group without relevant rows has 0. A
    group's weight is the mean of its rows' weights.
    """
    name = f"ndcg@{cutoff}" if cutoff else "ndcg"
    return Metric(name, "ranking", "maximize", "1", ("score",), partial(_ndcg, cutoff=cutoff))
