"""One side's metrics in each slice of a column, for gates that every slice must meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from slipway.domain.judging.statistic import Segments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.domain.judging.metric import Metric
    from slipway.domain.judging.rows import Side, Slicing


def slice_values(
    side: Side, slicing: Slicing, metrics: Iterable[Metric], min_rows: int
) -> tuple[dict[str, dict[str, float | None]], tuple[str, ...]]:
    """
    Value to metrics of each slice with enough rows, and the values of those with fewer.

    A metric that is not defined in a slice, or not at all, is None there.
    """
    sizes = np.bincount(slicing.codes, minlength=len(slicing.values))
    judged = np.flatnonzero(sizes >= min_rows)
    small = tuple(
        value for value, rows in zip(slicing.values, sizes.tolist(), strict=True) if rows < min_rows
    )
    place = np.full(len(slicing.values), -1, dtype=np.int64)
    place[judged] = np.arange(len(judged))
    found: dict[str, dict[str, float | None]] = {slicing.values[code]: {} for code in judged.tolist()}
    if not found:
        return found, small
    segments = Segments(place[slicing.codes], len(judged))
    drawn = np.ones((1, len(side)), dtype=np.uint8)
    for metric in metrics:
        lack = metric.missing(side)
        values = [np.nan] * len(judged) if lack else metric.prepare(side, segments).values(drawn)[0].tolist()
        for slice_metrics, value in zip(found.values(), values, strict=True):
            slice_metrics[metric.name] = value if np.isfinite(value) else None
    return found, small
