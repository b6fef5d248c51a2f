"""Approving with conditions: how traffic moves to the version, in place of what its manifest says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.promotion import STRATEGY_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.promotion import PromotionConditions

STRATEGY_WORDS: Final[Mapping[str, str]] = {
    "all-at-once": "all at once",
    "canary": "canary: a share first",
    "linear": "linear: in equal steps",
    "rolling": "rolling: batch by batch",
    "shadow": "shadow: answers nobody",
    "ab": "A/B test",
}
"""As the page says them."""
WITH_SHARE: Final = ("canary", "shadow", "ab")
"""Strategies that have a share at all."""
MAX_CANARY: Final = 0.5
"""SageMaker's: a canary may be at most half of the fleet."""
_SHOWN: Final = 40
NO_CONDITIONS: Final[PromotionConditions] = {"strategy": "", "share": None}


@dataclass(frozen=True, slots=True)
class AllowedConditions:
    """
    What an approver may ask for in an environment.

    Attributes:
        strategies: In the order in which they are offered.
        max_share: Of the traffic that a canary or a challenger may get, 0 to 1.
    """

    strategies: tuple[str, ...] = STRATEGY_KINDS
    max_share: float = 1.0

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> AllowedConditions:
        """What an environment's settings allow: ``strategies`` (empty: all), ``max_share`` (missing: 1)."""
        named = policy.get("strategies") or STRATEGY_KINDS
        allowed = tuple(kind for kind in STRATEGY_KINDS if kind in named)
        return cls(allowed, float(policy.get("max_share", 1.0)))

    def problems(self, strategy: str, share: str) -> dict[str, str]:
        """
        What is wrong with conditions as typed, by field; empty: they may be asked for.

        >>> AllowedConditions().problems("canary", "10")
        {}
        >>> AllowedConditions(max_share=0.2).problems("ab", "30 %")
        {'share': 'Here at most 20 % of the traffic may go to it.'}
        """
        found = {}
        if strategy and strategy not in self.strategies:
            found["strategy"] = (
                f"Here one may choose {', '.join(self.strategies)}, not {strategy[:_SHOWN]!r}."
            )
        if share.strip():
            problem = self._share_problem(strategy, share)
            found |= {"share": problem} if problem else {}
        return found

    def _share_problem(self, strategy: str, share: str) -> str:
        value = share_of(share)
        if value is None:
            return "A number of per cent above 0 and at most 100, such as 10."
        if strategy and strategy not in WITH_SHARE:
            return f"A share goes with {', '.join(WITH_SHARE)}; {strategy} moves all the traffic."
        if strategy == "canary" and value > MAX_CANARY:
            return f"A canary gets at most {MAX_CANARY:.0%}."
        if strategy != "shadow" and value > self.max_share:
            return f"Here at most {self.max_share * 100:g} % of the traffic may go to it."
        return ""


def share_of(typed: str) -> float | None:
    """
    A share as typed in per cent, 0 to 1; None: it is none.

    >>> share_of("10"), share_of(" 2.5 % "), share_of("0"), share_of("many"), share_of("nan")
    (0.1, 0.025, None, None, None)
    """
    try:
        percent = float(typed.strip().removesuffix("%").replace(",", "."))
    except ValueError:
        return None
    return percent / 100 if math.isfinite(percent) and 0 < percent <= 100 else None  # noqa: PLR2004 - per cent


def conditions_of(strategy: str, share: str) -> PromotionConditions | None:
    """Conditions as typed, without problems; None: there are none."""
    if not strategy and not share.strip():
        return None
    return {"strategy": strategy, "share": share_of(share) if share.strip() else None}


def conditions_in_words(conditions: PromotionConditions | None) -> str:
    """
    Conditions for people; empty: there are none.

    >>> conditions_in_words({"strategy": "canary", "share": 0.1}), conditions_in_words(None)
    ('canary, 10 %', '')
    >>> conditions_in_words({"strategy": "", "share": 0.25})
    "the manifest's strategy, 25 %"
    """
    if not conditions or conditions == NO_CONDITIONS:
        return ""
    kind, share = conditions["strategy"] or "the manifest's strategy", conditions["share"]
    return kind if share is None else f"{kind}, {share * 100:g} %"
