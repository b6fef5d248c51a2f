"""
An interval for a difference of means that holds at every look at once, however often one looks.

The estimate's information, 1 / (s₁²/n₁ + s₀²/n₀), is a Brownian motion's clock: score = estimate x
information has independent increments of as much variance (Jennison & Turnbull, *Group Sequential
Methods*, 1999, ch. 3). Robbins' mixture of its likelihood ratios over effects drawn from N(0, τ²) is a
martingale of mean 1, which passes 1/risk ever with probability ``risk`` at most (Robbins, "Statistical
methods related to the law of the iterated logarithm", 1970). The effects that it doesn't refuse are
``estimate ± margin``. It is the test of Johari, Koomen, Pekelis & Walsh ("Always valid inference",
*Operations Research*, 2022) in its form for any two numbers of outcomes, and, with variances taken from the
outcomes themselves, the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas
("Time-uniform central limit theory and asymptotic confidence sequences", *Annals of Statistics*, 2024,
theorem 2.2), whose rho is τ and whose time is information.

Asymptotic: the first look must not come before the central limit theorem holds (``stopping.LEAST_OUTCOMES``).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

POWER: Final = 0.8
"""The test is sharpest where a test of fixed size with this power would end."""
_HALVINGS: Final = 200


def margin(information: float, *, risk: float, spread: float) -> float:
    """
    Half the interval's width.

    Args:
        information: One over the estimate's variance, above nought.
        risk: That the interval ever misses the truth, such as 0.05.
        spread: τ, the standard deviation of effects that are thought of; it only says at what information the
            interval is narrowest beside others, never whether it is valid.

    >>> round(margin(10_000, risk=0.05, spread=0.02), 4)
    0.0308
    """
    grown = 1 + information * spread**2
    return math.sqrt(grown * (math.log(grown) - 2 * math.log(risk))) / (information * spread)


def spread_for(minimum_effect: float, *, risk: float) -> float:
    """
    The τ whose interval is narrowest when a fixed test for ``minimum_effect`` would end.

    That test needs an information of ((z₁ + z₂) / effect)², whatever the variance. The optimum is the one
    that Waudby-Smith et al. (2024) advise: τ² = (−2 ln r + ln(1 − 2 ln r)) / information.
    """
    wanted = -2 * math.log(risk)
    return math.sqrt((wanted + math.log(1 + wanted)) / fixed_information(minimum_effect, risk=risk))


def fixed_information(effect: float, *, risk: float) -> float:
    """The information with which a two-sided test of fixed size finds ``effect`` with ``POWER``."""
    normal = NormalDist()
    return ((normal.inv_cdf(1 - risk / 2) + normal.inv_cdf(POWER)) / effect) ** 2


def information_for(wanted: float, *, risk: float, spread: float) -> float:
    """
    The information at which the margin is as small as ``wanted``, above nought.

    >>> needed = information_for(0.01, risk=0.05, spread=0.02)
    >>> round(margin(needed, risk=0.05, spread=0.02), 6)
    0.01
    """
    low, high = 0.0, 1.0
    while margin(high, risk=risk, spread=spread) > wanted:
        low, high = high, high * 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if margin(middle, risk=risk, spread=spread) > wanted:
            low = middle
        else:
            high = middle
    return high
