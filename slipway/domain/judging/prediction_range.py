"""Where a model's predictions usually lie: what those of a version in service are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from slipway.domain.judging.rows import Side

SHARE: Final = 0.99
"""Of the predictions lie in the range, and as many below as above it."""
FEWEST_ROWS: Final = 100
"""With fewer, its ends would be single rows."""


def prediction_range(side: Side) -> tuple[float, float] | None:
    """
    The middle 99 % of a side's predictions; None: they are no numbers, or there are few.

    What is looked at is what an answer holds too: the score where there is one, else the number. Weights say
    how much a row counts for a metric, not how often such a request comes.
    """
    values = side.score if side.score is not None else side.prediction
    if side.task == "multiclass" or values is None or len(values) < FEWEST_ROWS:
        return None
    outside = (1 - SHARE) / 2 * 100
    low, high = np.percentile(values, [outside, 100 - outside])
    return float(low), float(high)
