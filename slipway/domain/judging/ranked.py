"""
Metrics of an order: area under the ROC curve, and average precision.

Scores are sorted once. A draw's value needs the running sums of its counts in that order, and no
sorting: the same value as sorting the drawn rows gives. Without weights of rows, the area's
numerator is a whole number below 2**53 and so exact up to 90 million rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from slipway.domain.judging.statistic import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slipway.domain.judging.arrays import Counts, Floats, Mask, Places
    from slipway.domain.judging.statistic import Segments


def _sorted(rows: Places, score: Floats, segments: Segments) -> Places:
    """Rows by segment, then by score."""
    if segments.codes is None:
        return rows[np.argsort(score[rows], kind="stable")]
    return rows[np.lexsort((score[rows], segments.codes[rows]))]


def _bounds(codes: NDArray[Any], count: int) -> Places:
    """Where each segment begins in sorted codes, and where the last one ends."""
    return np.searchsorted(codes, np.arange(count + 1))


def _running(drawn: NDArray[Any]) -> NDArray[Any]:
    """Sums of all before: one entry more than was drawn."""
    whole = drawn.dtype.kind in "ui"
    dtype = np.dtype(np.int32 if drawn.dtype.itemsize == 1 else np.int64) if whole else np.dtype(np.float64)
    sums = np.empty(len(drawn) + 1, dtype=dtype)
    sums[0] = 0
    np.cumsum(drawn, out=sums[1:], dtype=dtype)
    return sums


def _total(terms: Floats, bounds: Places) -> Floats:
    """The sum within each segment."""
    sums = np.zeros(len(bounds) - 1)
    filled = np.flatnonzero(np.diff(bounds))
    if len(filled):
        sums[filled] = np.add.reduceat(terms, bounds[filled])
    return sums


@dataclass(frozen=True, slots=True)
class RocArea:
    """
    How often a row of label 1 has a higher score than one of label 0; a tie counts one half.

    Attributes:
        negative: Rows of label 0 by segment and score.
        positive: Likewise of label 1.
        below: For each positive row, how many negative ones of all lie below it in that order.
        up_to: The same with those of the same score.
        negative_bounds: Where each segment begins among the negative rows, and the last one's end.
        positive_bounds: Likewise.
        weight: Of each row; None: all the same.
    """

    negative: Places
    positive: Places
    below: Places
    up_to: Places | None
    negative_bounds: Places
    positive_bounds: Places
    weight: Floats | None

    @classmethod
    def of(cls, label: Floats, score: Floats, weight: Floats | None, segments: Segments) -> RocArea:
        """Sort once."""
        rows = segments.rows(len(label))
        negative = _sorted(rows[label[rows] == 0], score, segments)
        positive = _sorted(rows[label[rows] == 1], score, segments)
        negative_bounds = _bounds(segments.of(negative), segments.count)
        positive_bounds = _bounds(segments.of(positive), segments.count)
        below, up_to = np.empty(len(positive), np.intp), np.empty(len(positive), np.intp)
        for index in range(segments.count):
            theirs = slice(negative_bounds[index], negative_bounds[index + 1])
            ours = slice(positive_bounds[index], positive_bounds[index + 1])
            scores, wanted = score[negative[theirs]], score[positive[ours]]
            below[ours] = np.searchsorted(scores, wanted, "left") + theirs.start
            up_to[ours] = np.searchsorted(scores, wanted, "right") + theirs.start
        tied = not np.array_equal(below, up_to)
        return cls(
            negative, positive, below, up_to if tied else None, negative_bounds, positive_bounds, weight
        )

    def values(self, counts: Counts) -> Floats:
        """The area of each draw in each segment; NaN where a class was not drawn."""
        return np.stack([self._value(drawn) for drawn in counts])

    def _value(self, counts: NDArray[Any]) -> Floats:
        negative, positive = np.take(counts, self.negative), np.take(counts, self.positive).astype(np.float64)
        if self.weight is not None:
            negative, positive = negative * self.weight[self.negative], positive * self.weight[self.positive]
        before = _running(negative)
        beaten = before[self.below]
        beaten = beaten + (beaten if self.up_to is None else before[self.up_to])
        edges = before[self.negative_bounds].astype(np.float64)
        if len(edges) == 2:  # noqa: PLR2004 - one segment: a product is faster than sums by range
            won = np.array([positive @ beaten.astype(np.float64)])
            drawn = np.array([positive.sum()])
        else:
            won = _total(positive * beaten, self.positive_bounds)
            drawn = _total(positive, self.positive_bounds)
        won -= 2 * edges[:-1] * drawn
        return ratio(won, 2 * drawn * np.diff(edges))


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """
    Precision at each threshold, weighted by the recall that the threshold adds.

    Attributes:
        order: Rows by segment, then from the highest score down.
        positive: Where the rows of label 1 lie in that order.
        row_end: For each of them, how many rows have its score or a higher one (of all in the order).
        positive_end: Likewise, counting rows of label 1.
        bounds: Where each segment begins in the order, and the last one's end.
        positive_bounds: Likewise among the rows of label 1.
        weight: Of each row; None: all the same.
    """

    order: Places
    positive: Places
    row_end: Places
    positive_end: Places
    bounds: Places
    positive_bounds: Places
    weight: Floats | None

    @classmethod
    def of(cls, label: Floats, score: Floats, weight: Floats | None, segments: Segments) -> AveragePrecision:
        """Sort once."""
        order = _sorted(segments.rows(len(label)), -score, segments)
        codes = segments.of(order)
        scores = score[order]
        last: Mask = np.ones(len(order), dtype=np.bool_)
        last[:-1] = (scores[1:] != scores[:-1]) | (codes[1:] != codes[:-1])
        ends = np.flatnonzero(last) + 1
        row_end = ends[np.searchsorted(ends, np.arange(len(order)), "right")]
        true = label[order] == 1
        positive = np.flatnonzero(true)
        row_end = row_end[positive]
        return cls(
            order,
            positive,
            row_end,
            np.searchsorted(positive, row_end, "left"),
            _bounds(codes, segments.count),
            _bounds(codes[positive], segments.count),
            weight,
        )

    def values(self, counts: Counts) -> Floats:
        """The average precision of each draw in each segment; NaN where no row of label 1 was drawn."""
        return np.stack([self._value(drawn) for drawn in counts])

    def _value(self, counts: NDArray[Any]) -> Floats:
        drawn = np.take(counts, self.order)
        if self.weight is not None:
            drawn = drawn * self.weight[self.order]
        true = np.take(drawn, self.positive)
        rows, found = _running(drawn), _running(true)
        above_row, above_found = rows[self.row_end], found[self.positive_end]
        if len(self.bounds) > 2:  # noqa: PLR2004 - more than one segment: leave out those before
            sizes = np.diff(self.positive_bounds)
            above_row = above_row - np.repeat(rows[self.bounds[:-1]], sizes)
            above_found = above_found - np.repeat(found[self.positive_bounds[:-1]], sizes)
        precision = np.zeros(len(true))
        np.divide(above_found, above_row, out=precision, where=above_row > 0)
        edges = found[self.positive_bounds]
        return ratio(_total(true * precision, self.positive_bounds), np.diff(edges).astype(np.float64))
