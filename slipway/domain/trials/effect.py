"""The challenger's effect: how much its outcomes' mean differs from the champion's, with an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.domain.trials.confidence_sequence import information_for, margin, spread_for

if TYPE_CHECKING:
    from slipway.contracts.trial import EffectRecord
    from slipway.domain.trials.moments import Moments

RISK: Final = 0.05
"""That a trial's interval ever misses the truth: a false "better" and a false "worse" share it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """
    Challenger less champion, in the outcome's unit; the interval holds at every look at once.

    Attributes:
        estimate: Difference of the means.
        margin: Half the interval's width.
        information: One over the estimate's variance.
    """

    estimate: float
    margin: float
    information: float

    @property
    def lower(self) -> float:
        return self.estimate - self.margin

    @property
    def upper(self) -> float:
        return self.estimate + self.margin

    def record(self) -> EffectRecord:
        """As ledger and reports have it."""
        return {
            "estimate": self.estimate,
            "lower": self.lower,
            "upper": self.upper,
            "confidence": 1 - RISK,
        }


def effect_of(champion: Moments, challenger: Moments, *, minimum_effect: float) -> Effect | None:
    """
    The effect as far as it is known; None while one arm has no outcome, or all outcomes are the same.

    Args:
        champion: Its outcomes.
        challenger: Its outcomes.
        minimum_effect: The smallest difference that matters, above nought: the interval is tuned to it.
    """
    if not champion.count or not challenger.count:
        return None
    variance = champion.variance / champion.count + challenger.variance / challenger.count
    if variance <= 0:
        return None
    information = 1 / variance
    return Effect(
        estimate=challenger.mean - champion.mean,
        margin=margin(information, risk=RISK, spread=spread_for(minimum_effect, risk=RISK)),
        information=information,
    )


def remaining_share(effect: Effect, *, minimum_effect: float) -> float:
    """
    How many more outcomes decide, as a multiple of those there are, if the estimate is the truth.

    An interval decides when it lies on one side of nought, or within ± ``minimum_effect``; of both, the one
    that comes first. 0: it is decided.
    """
    size = abs(effect.estimate)
    wanted = max(size, minimum_effect - size)
    needed = information_for(wanted, risk=RISK, spread=spread_for(minimum_effect, risk=RISK))
    return max(needed / effect.information - 1, 0.0)
