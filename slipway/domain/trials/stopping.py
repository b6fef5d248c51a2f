"""When a trial of two arms is over, and what it says then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from slipway.domain.trials.effect import Effect, effect_of, remaining_share
from slipway.domain.trials.ratio import is_mismatch

if TYPE_CHECKING:
    from slipway.domain.trials.moments import Moments

Word = Literal["better", "worse", "equivalent", "undecided", "mismatched"]

LEAST_OUTCOMES: Final = 100
"""Of each arm, before anything is decided: means of fewer need not be normal."""
LEAST_EVENTS: Final = 10
"""Of zeros and ones: so many of what is rarer are expected in the smaller arm, if both are alike."""


@dataclass(frozen=True, slots=True)
class Question:
    """
    What a trial asks.

    Attributes:
        minimum_effect: The smallest difference that matters, in the outcome's unit, above nought.
        direction: Which difference is good.
        share: The challenger's share of the requests of both arms.
        share_too: Another one that it had meanwhile, as the layout was changed; None: it had none.
    """

    minimum_effect: float
    direction: Literal["maximize", "minimize"]
    share: float
    share_too: float | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """
    One variant.

    Attributes:
        requests: That it answered, as far as both arms' can be compared.
        outcomes: Of them, and of others.
        reported: How many outcomes there are of ``requests``; None: all.
    """

    requests: int
    outcomes: Moments
    reported: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """
    A trial as it stands.

    Attributes:
        word: What is decided; None: nothing yet.
        effect: None while there is too little to say anything.
        remaining: About how many more outcomes, of both arms together, would decide; None: nobody knows yet.
        reason: One sentence.
    """

    word: Word | None
    effect: Effect | None
    remaining: int | None
    reason: str


def look(champion: Arm, challenger: Arm, question: Question, *, over: str = "") -> Look:
    """
    Look at a trial; looking often costs nothing.

    Args:
        champion: Its arm.
        challenger: Its arm.
        question: What is asked.
        over: Why the trial cannot go on, such as "24 hours are over"; empty: it can.
    """
    effect = effect_of(champion.outcomes, challenger.outcomes, minimum_effect=question.minimum_effect)
    if problem := _mismatch(champion, challenger, question):
        return Look("mismatched", effect, None, problem)
    enough = _is_enough(champion.outcomes, challenger.outcomes)
    if effect is not None and enough:
        word, reason = _decided(effect, question)
        if word is not None:
            return Look(word, effect, 0, reason)
    if over:
        return Look("undecided", effect, None, f"{over}, and the interval allows for both")
    if effect is None or not enough:
        return Look(
            None,
            effect,
            None,
            f"too few outcomes yet: {challenger.outcomes.count} of the challenger, "
            f"{champion.outcomes.count} of the champion",
        )
    outcomes = champion.outcomes.count + challenger.outcomes.count
    more = round(remaining_share(effect, minimum_effect=question.minimum_effect) * outcomes)
    return Look(None, effect, more, f"about {more:,} more outcomes would decide")


def _is_enough(champion: Moments, challenger: Moments) -> bool:
    fewer = min(champion.count, challenger.count)
    if fewer < LEAST_OUTCOMES:
        return False
    both = champion.merge(challenger)
    return not both.binary or fewer * min(both.mean, 1 - both.mean) >= LEAST_EVENTS


def _mismatch(champion: Arm, challenger: Arm, question: Question) -> str:
    counts = (
        ("requests", challenger.requests, champion.requests),
        ("outcomes", _reported(challenger), _reported(champion)),
    )
    other = question.share if question.share_too is None else question.share_too
    low, high = sorted((question.share, other))
    weight = f"{low:.1%}" if low == high else f"between {low:.1%} and {high:.1%}"
    for what, theirs, ours in counts:
        found = theirs / (theirs + ours) if theirs + ours else low
        # of shares that changed meanwhile, any mixture may be what is seen
        if is_mismatch(theirs, ours, share=min(max(found, low), high)):
            return (
                f"{found:.1%} of {theirs + ours:,} {what} are the challenger's, where its weight is "
                f"{weight}: what the arms show cannot be compared"
            )
    return ""


def _reported(arm: Arm) -> int:
    return arm.outcomes.count if arm.reported is None else arm.reported


def _decided(effect: Effect, question: Question) -> tuple[Word | None, str]:
    said = f"the difference lies between {effect.lower:+.4g} and {effect.upper:+.4g}"
    good = 1 if question.direction == "maximize" else -1
    if effect.lower > 0 or effect.upper < 0:
        is_better = good * effect.estimate > 0
        return ("better" if is_better else "worse"), said
    if -question.minimum_effect < effect.lower and effect.upper < question.minimum_effect:
        return "equivalent", f"{said}: less than {question.minimum_effect:g} either way"
    return None, ""
