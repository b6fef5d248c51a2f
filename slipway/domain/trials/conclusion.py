"""What a look at a trial means: go on, propose, or take the challenger away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.trials.join import CHALLENGER, CHAMPION
from slipway.domain.trials.stopping import Arm, Look, Question, look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.trial import TrialWord, VariantLoad
    from slipway.domain.trials.effect import Effect
    from slipway.domain.trials.tally import Tally

ENOUGH_INVOCATIONS: Final = 100
"""Before errors of a mirrored challenger count against it."""
ERRORS_ALLOWED: Final = 0.05
"""Of a mirrored challenger's answers, more than the champion's share of them."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """
    How a trial stands.

    Attributes:
        word: What is decided; None: nothing yet.
        reason: One sentence.
        effect: Of an A/B test, as far as it is known.
        remaining: About how many more outcomes would decide; None: nobody knows.
    """

    word: TrialWord | None
    reason: str
    effect: Effect | None = None
    remaining: int | None = None

    @property
    def proposes(self) -> bool:
        """Whether a person is asked; else the challenger just leaves, once something is decided."""
        return self.word in ("better", "equivalent", "undecided", "compared")


def of_test(
    tally: Tally, settings: Mapping[str, Any], *, shares: tuple[float, float], over: str
) -> Conclusion:
    """
    An A/B test's.

    Args:
        tally: What came in.
        settings: The strategy: direction, minimum effect.
        shares: The smallest and the largest that the challenger had of both arms' requests.
        over: Why it cannot go on; empty: it can.
    """
    question = Question(
        minimum_effect=float(settings["minimum_effect"]),
        direction=settings["direction"],
        share=shares[0],
        share_too=shares[1],
    )
    arms = [
        Arm(tally.settled[arm], tally.outcomes[arm], reported=tally.settled[2 + arm])
        for arm in (CHAMPION, CHALLENGER)
    ]
    found: Look = look(arms[CHAMPION], arms[CHALLENGER], question, over=over)
    return Conclusion(found.word, found.reason, found.effect, found.remaining)


def of_shadow(
    tally: Tally, loads: Mapping[str, VariantLoad], *, over: str, verdict: str, said: str
) -> Conclusion:
    """
    A shadow run's.

    Args:
        tally: What came in.
        loads: Of ``champion`` and ``challenger``.
        over: Why it ends now; empty: it goes on.
        verdict: Of the engine that judges releases, on rows whose outcome is known; empty: there are too few.
        said: Its sentence.
    """
    theirs, ours = (_error_share(loads[name]) for name in ("challenger", "champion"))
    if loads["challenger"]["invocations"] >= ENOUGH_INVOCATIONS and theirs > ours + ERRORS_ALLOWED:
        return Conclusion(
            "worse", f"{theirs:.1%} of its answers are errors, and {ours:.1%} of the champion's"
        )
    answers = tally.agreement.answers
    if not over:
        return Conclusion(None, f"{answers:,} answers of both sides compared so far")
    if not answers:
        return Conclusion("undecided", f"{over}, and no request was answered by both sides")
    alike = agreement_in_words(tally)
    if not verdict:
        return Conclusion("compared", f"{over}: {alike}")
    word: TrialWord = verdict if verdict in ("better", "worse", "equivalent") else "undecided"  # type: ignore[assignment]
    return Conclusion(word, f"{said} ({alike})")


def agreement_in_words(tally: Tally) -> str:
    """
    How alike both sides answer.

    >>> from slipway.domain.trials.agreement import Agreement
    >>> from slipway.domain.trials.tally import Tally
    >>> agreement_in_words(Tally(agreement=Agreement(answers=4, equal=3)))
    '75.0% of 4 answers are the same'
    """
    found = tally.agreement
    said = f"{found.share or 0:.1%} of {found.answers:,} answers are the same"
    if found.mean_distance is not None:
        said += f", and they lie {found.mean_distance:.4g} apart on average"
    if found.correlation is not None:
        said += f" (correlation {found.correlation:.3f})"
    return said


def _error_share(load: VariantLoad) -> float:
    return load["errors"] / load["invocations"] if load["invocations"] else 0.0
