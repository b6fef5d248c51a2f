"""
Statistics of resampled rows: from how often each row was drawn to a metric's value.

Everything that doesn't depend on the draw (sorting, losses per row, ties) is done once, when a
statistic is made. A draw then costs one pass over the rows, without sorting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from slipway.domain.judging.arrays import Codes, Counts, Floats, Places


@dataclass(frozen=True, slots=True)
class Segments:
    """
    Parts of the rows that a statistic is wanted of, each for itself.

    Attributes:
        codes: The segment of each row, -1: of none; None: all rows are one segment.
        count: How many segments there are.
    """

    codes: Codes | None = None
    count: int = 1

    def of(self, rows: Places) -> Codes:
        """The segments of some rows."""
        return np.zeros(len(rows), dtype=np.int64) if self.codes is None else self.codes[rows]

    def rows(self, size: int) -> Places:
        """Places of the rows that belong to a segment."""
        return np.arange(size) if self.codes is None else np.flatnonzero(self.codes >= 0)


WHOLE = Segments()


class Statistic(Protocol):
    """A metric of one side, ready for any draw of its rows."""

    def values(self, counts: Counts) -> Floats:
        """
        The metric of each draw in each segment; NaN where it is not defined.

        Args:
            counts: How often each row was drawn, shape ``(draws, rows)``.

        Returns:
            Shape ``(draws, segments)``.
        """
        ...


def ratio(above: Floats, below: Floats) -> Floats:
    """A quotient that is NaN where the divisor is nought."""
    answer = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=answer, where=below != 0)
    return answer
