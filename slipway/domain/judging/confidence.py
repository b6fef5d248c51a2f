"""
Intervals from resampled differences.

BCa (Efron, 1987) takes the percentiles that correct the resamples' bias and skewness: the share of
intervals that miss falls with 1/n instead of 1/sqrt(n). Its acceleration comes from a jackknife that
leaves out groups of rows.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.difference import Interval, Spread

if TYPE_CHECKING:
    from slipway.domain.judging.arrays import Floats

_NORMAL: Final = NormalDist()


def percentile_interval(resampled: Floats, confidence: float) -> Interval:
    """The resamples' own quantiles."""
    risk = (1 - confidence) / 2
    lower, upper = np.quantile(resampled, [risk, 1 - risk])
    return Interval(float(lower), float(upper), confidence)


def bca_interval(resampled: Floats, point: float, jackknifed: Floats, confidence: float) -> Interval:
    """
    The quantiles after correcting bias and skewness.

    Args:
        resampled: Differences of the draws.
        point: The difference of the rows as they are.
        jackknifed: Differences without each group of rows.
        confidence: Such as 0.95.
    """
    below = np.count_nonzero(resampled < point) + np.count_nonzero(resampled == point) / 2
    share = below / len(resampled)
    if not 0 < share < 1:
        return percentile_interval(resampled, confidence)
    bias, skew = _NORMAL.inv_cdf(share), acceleration(jackknifed)
    risk = (1 - confidence) / 2
    levels = []
    for level in (risk, 1 - risk):
        shifted = bias + _NORMAL.inv_cdf(level)
        levels.append(_NORMAL.cdf(bias + shifted / (1 - skew * shifted)))
    lower, upper = np.quantile(resampled, levels)
    return Interval(float(lower), float(upper), confidence)


def acceleration(jackknifed: Floats) -> float:
    """
    How fast the standard error changes with the true value, from a jackknife's values.

    Groups of rows serve as single rows do: influences of groups have a skewness that is smaller by the
    root of their size, and their number is smaller by their size, so that the quotient stays.
    """
    influences = jackknifed.mean() - jackknifed
    squares = float((influences**2).sum())
    if squares <= 0:
        return 0.0
    return float((influences**3).sum() / (6 * squares**1.5))


def spread_of(resampled: Floats) -> Spread:
    """The resamples in a few numbers."""
    first, middle, third = (float(value) for value in np.quantile(resampled, [0.25, 0.5, 0.75]))
    return Spread(
        mean=float(resampled.mean()),
        standard_error=float(resampled.std(ddof=1)),
        quartiles=(first, middle, third),
        lowest=float(resampled.min()),
        highest=float(resampled.max()),
    )
