"""
Metrics that are functions of sums over rows: MAE, RMSE, R², log loss, F1, calibration error, …

Rows carry a few numbers each; a draw's sums are a product of two matrices, the counts and those
numbers. Sums are exact but for the rounding of doubles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.domain.judging.arrays import Codes, Counts, Floats, Places
    from slipway.domain.judging.statistic import Segments

_AT_ONCE: Final = 8192
"""Rows multiplied at a time: eight draws of them fit the processor's cache as doubles."""
_SHORT: Final = 256
"""Below so many rows per range, one pass for all ranges is faster than a product for each."""


@dataclass(frozen=True, slots=True)
class Sums:
    """
    Sums over ranges of rows, and what is made of them.

    Attributes:
        order: Places of the rows, ranges together; None: as they are.
        starts: Where each range that has rows begins in that order.
        ranges: Which range that is: ``segment * cells + cell``.
        terms: What is summed, in that order, shape ``(rows, terms)``.
        shape: Segments, cells, terms.
        finish: From sums of shape ``(draws, segments, cells, terms)`` to values ``(draws, segments)``.
    """

    order: Places | None
    starts: Places
    ranges: Places
    terms: Floats
    shape: tuple[int, int, int]
    finish: Callable[[Floats], Floats]

    @classmethod
    def of(
        cls,
        terms: Floats,
        segments: Segments,
        finish: Callable[[Floats], Floats],
        *,
        cells: Codes | None = None,
        cell_count: int = 1,
    ) -> Sums:
        """
        Prepare the sums of ``terms`` within each segment and cell.

        Args:
            terms: Shape ``(rows, terms)``.
            segments: For which parts of the rows.
            finish: As above.
            cells: A part of the segment for each row, such as a bin; None: there is one.
            cell_count: How many cells there are.
        """
        shape = (segments.count, cell_count, terms.shape[1])
        if segments.codes is None and cells is None:
            nought = np.zeros(1, dtype=np.intp)
            return cls(None, nought, nought, np.ascontiguousarray(terms), shape, finish)
        rows = segments.rows(len(terms))
        keys = segments.of(rows) * cell_count + (0 if cells is None else cells[rows])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        rows = rows[order]
        return cls(rows, starts, keys[starts].astype(np.intp), terms[rows], shape, finish)

    def values(self, counts: Counts) -> Floats:
        """The metric of each draw in each segment."""
        segments, cells, terms = self.shape
        sums = np.zeros((len(counts), segments * cells, terms))
        if len(self.starts):
            drawn = counts if self.order is None else np.take(counts, self.order, axis=1)
            if len(self.terms) < _SHORT * len(self.starts):
                self._all_at_once(drawn, sums)
            else:
                self._range_by_range(drawn, sums)
        return self.finish(sums.reshape(len(counts), segments, cells, terms))

    def _range_by_range(self, drawn: Counts, sums: Floats) -> None:
        ends = [*self.starts[1:].tolist(), len(self.terms)]
        for index, start, end in zip(self.ranges.tolist(), self.starts.tolist(), ends, strict=True):
            for begin in range(start, end, _AT_ONCE):
                some = slice(begin, min(begin + _AT_ONCE, end))
                sums[:, index] += drawn[:, some].astype(np.float64) @ self.terms[some]

    def _all_at_once(self, drawn: Counts, sums: Floats) -> None:
        for index, row in enumerate(drawn):
            sums[index, self.ranges] = np.add.reduceat(self.terms * row[:, None], self.starts, axis=0)
