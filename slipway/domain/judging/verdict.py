"""
The verdict: better, equivalent, worse or undecided, from the difference's interval and the margin.

A gain is the difference in the metric's good direction. With a margin m, in this order:

    better       the interval of the gain lies above 0
    worse        the interval lies below -m: with m = 0, below 0
    equivalent   the narrow interval lies within (-m, m): two one-sided tests, Schuirmann (1987);
                 or both sides are the same in every draw
    undecided    none of these: more rows would tell

At 95 % a challenger that is not better is called better at most 2.5 times in a hundred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from slipway.domain.judging.difference import Difference, Interval

Kind = Literal["better", "equivalent", "worse", "undecided"]

POWER: Final = 0.8
"""The chance with which the further rows are to decide."""
MOST_ROWS: Final = 1_000_000_000
"""What would need more rows than this is not decided by rows."""
_SIGNIFICANT: Final = 2
"""Digits of the interval's width that are shown."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """
    What the rows say of a challenger, by its primary metric.

    Attributes:
        more_rows: If undecided: how many further rows would decide; None: no number would.
        unit: Of the metric, for the words; empty: none.
    """

    kind: Kind
    difference: Difference
    margin: float
    more_rows: int | None = None
    unit: str = ""

    def in_words(self) -> str:
        """One sentence with numbers and units."""
        numbers = self.difference
        gain, interval = numbers.gain, numbers.interval.times(numbers.sign)
        digits = _decimals(interval)
        unit = f" {self.unit}" if self.unit else ""

        def number(value: float) -> str:
            return f"{value:,.{digits}f}{unit}"

        said = (
            f"{self.kind}: {numbers.metric} {number(numbers.challenger)} beside the champion's "
            f"{number(numbers.champion)}, {number(abs(gain))} {'better' if gain >= 0 else 'worse'}; "
            f"{interval.confidence:.0%} interval of the gain {interval.lower:+,.{digits}f} to "
            f"{interval.upper:+,.{digits}f}{unit}, from {numbers.rows:,} rows"
        )
        if self.margin:
            said += f", margin {self.margin:,.6g}{unit}"
        return said + self._undecided()

    def _undecided(self) -> str:
        if self.kind != "undecided":
            return ""
        if self.more_rows is None:
            return "; more rows would not decide it" + ("" if self.margin else ": set a margin")
        return f"; about {_rounded(self.more_rows):,} more rows would decide it"


def conclude(difference: Difference, margin: float = 0.0, unit: str = "") -> Conclusion:
    """
    The verdict on a difference.

    Args:
        difference: Of the primary metric.
        margin: Up to which difference both count as the same, in the metric's unit; 0: none is.
        unit: Of the metric; ``1`` or empty: none.
    """
    if not (margin >= 0 and math.isfinite(margin)):
        raise ValueError(f"the margin is {margin}; it must be a finite number, 0 or more")
    interval = difference.interval.times(difference.sign)
    narrow = difference.narrow.times(difference.sign)
    unit = "" if unit == "1" else unit
    if interval.lower > 0:
        kind: Kind = "better"
    elif interval.upper < -margin:
        kind = "worse"
    elif (-margin < narrow.lower and narrow.upper < margin) or interval.lower == interval.upper == 0:
        kind = "equivalent"
    else:
        return Conclusion("undecided", difference, margin, more_rows(difference, margin), unit)
    return Conclusion(kind, difference, margin, None, unit)


def more_rows(difference: Difference, margin: float) -> int | None:
    """
    How many further rows would decide with a chance of 80 %, if the gain seen is the true one.

    An interval's half width h falls with the root of the rows n. A one-sided test at the risk a finds a
    gain at the distance d from its bound with the chance p from ``n (h / z(1-a) (z(1-a) + z(p)) / d)²``
    rows on. Of the verdicts that are possible, the one that needs the fewest rows counts. None: more
    than a billion, as where the gain is 0 without a margin.
    """
    gain = difference.gain
    interval = difference.interval.times(difference.sign)
    narrow = difference.narrow.times(difference.sign)
    factors = [
        # to be shown above 0, or below -margin
        _factor(gain, gain - interval.lower, interval.confidence, POWER),
        _factor(-margin - gain, interval.upper - gain, interval.confidence, POWER),
    ]
    if margin:
        half = max(gain - narrow.lower, narrow.upper - gain)
        # both one-sided tests must succeed: each gets half of the failures
        factors.append(_factor(margin - abs(gain), half, narrow.confidence, (1 + POWER) / 2))
    least = min(factors)
    if least * difference.rows > MOST_ROWS:
        return None
    return max(1, math.ceil((least - 1) * difference.rows))


def _factor(distance: float, half_width: float, confidence: float, power: float) -> float:
    """By how much the rows must grow."""
    if distance <= 0:
        return math.inf
    critical = NormalDist().inv_cdf((1 + confidence) / 2)
    needed = (critical + NormalDist().inv_cdf(power)) / critical
    ratio = half_width * needed / distance
    return ratio * ratio


def _decimals(interval: Interval) -> int:
    """So many that the interval's width shows two digits."""
    width = interval.upper - interval.lower
    if not (math.isfinite(width) and width > 0):
        return 4
    return min(max(_SIGNIFICANT - 1 - math.floor(math.log10(width)), 0), 9)


def _rounded(rows: int) -> int:
    """Two digits of a number of rows, upwards: no more of it is known."""
    step: int = 10 ** max(0, len(str(rows)) - _SIGNIFICANT)
    return -(-rows // step) * step
