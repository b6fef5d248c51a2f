"""
How many outcomes an A/B test needs before it can decide, as it is known before the first one.

The interval of ``confidence_sequence`` is as narrow as the smallest effect that matters at an information I.
The estimate's information is 1 / (s²/n₁ + s²/n₀); with N outcomes in all, of which the challenger gets
``share``, that is N / (s² (1/share + 1/(1 - share))). So N = I s² (1/share + 1/(1 - share)): an effect of
that size is found then, and none at all is ``equivalent``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.trials.confidence_sequence import information_for, spread_for
from slipway.domain.trials.effect import RISK

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_RATE: Final = 0.1
"""Of yes among outcomes of yes and no, where nobody knows it yet."""


def outcomes_needed(*, minimum_effect: float, share: float, variance: float) -> int:
    """
    Of both arms together, until an effect of ``minimum_effect``, or none at all, is decided.

    Args:
        minimum_effect: In the outcome's unit, above nought.
        share: The challenger's, between 0 and 1.
        variance: Of the outcomes of an arm; of yes and no with rate p it is p (1 - p).

    >>> round(outcomes_needed(minimum_effect=0.01, share=0.5, variance=0.25), -3)
    92000
    """
    information = information_for(minimum_effect, risk=RISK, spread=spread_for(minimum_effect, risk=RISK))
    return math.ceil(information * variance * (1 / share + 1 / (1 - share)))


def demand(settings: Mapping[str, Any]) -> dict[str, Any]:
    """
    What a test with these settings needs if a tenth of its outcomes are yes.

    Returns:
        ``outcomes`` (of both arms), ``of_the_challenger``, ``suffices``: whether ``requests`` allow as many.
    """
    share = float(settings["share"])
    needed = outcomes_needed(
        minimum_effect=float(settings["minimum_effect"]),
        share=share,
        variance=USUAL_RATE * (1 - USUAL_RATE),
    )
    theirs, limit = math.ceil(needed * share), settings.get("requests")
    return {
        "outcomes": needed,
        "of_the_challenger": theirs,
        "suffices": limit is None or int(limit) >= theirs,
    }


def in_words(settings: Mapping[str, Any]) -> str:
    """
    The demand in a sentence.

    >>> in_words({"minimum_effect": 0.1, "share": 0.5}).partition(", ")[0]
    'an effect of 0.1 takes about 332 outcomes if a tenth of them are yes'
    """
    needed = demand(settings)
    return (
        f"an effect of {float(settings['minimum_effect']):g} takes about {needed['outcomes']:,} outcomes if "
        f"a tenth of them are yes, {needed['of_the_challenger']:,} of them the challenger's"
    )
