"""How alike two versions answer the same requests: sums that can be merged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.trial import AgreementRecord
    from slipway.domain.trials.captured import Answer

_CLOSE: Final = 1e-9
"""Relative: numbers that differ by rounding alone are equal."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    Of answers that both gave to the same inputs.

    Attributes:
        answers: How many pairs there are.
        equal: How many of them are equal, or of one class.
        numbers: How many are numbers on both sides.
        distance: Sum of absolute differences of those.
        means: Of the numbers, champion's and challenger's.
        squares: Sums of squared deviations, champion's and challenger's, and of their products.
        unlike: Requests that both answered with different numbers of predictions, or none that can be read.
    """

    answers: int = 0
    equal: int = 0
    numbers: int = 0
    distance: float = 0.0
    means: tuple[float, float] = (0.0, 0.0)
    squares: tuple[float, float, float] = (0.0, 0.0, 0.0)
    unlike: int = 0

    @classmethod
    def of(
        cls, champion: Sequence[Answer], challenger: Sequence[Answer], *, threshold: float | None
    ) -> Agreement:
        """
        Of one request.

        Args:
            champion: Its predictions.
            challenger: Its predictions.
            threshold: Numbers from it on are of one class, those below of another; None: they are values.
        """
        if not champion or len(champion) != len(challenger):
            return cls(unlike=1)
        found = cls()
        for ours, theirs in zip(champion, challenger, strict=True):
            found = found.merge(_one(ours, theirs, threshold))
        return found

    def merge(self, other: Agreement) -> Agreement:
        """Of the pairs of both; the order does not matter but for the rounding of doubles."""
        numbers = self.numbers + other.numbers
        means, squares = self.means, self.squares
        if not self.numbers:
            means, squares = other.means, other.squares
        elif other.numbers:
            share, weight = other.numbers / numbers, self.numbers * other.numbers / numbers
            apart = (other.means[0] - self.means[0], other.means[1] - self.means[1])
            means = (self.means[0] + apart[0] * share, self.means[1] + apart[1] * share)
            squares = (
                self.squares[0] + other.squares[0] + apart[0] ** 2 * weight,
                self.squares[1] + other.squares[1] + apart[1] ** 2 * weight,
                self.squares[2] + other.squares[2] + apart[0] * apart[1] * weight,
            )
        return Agreement(
            answers=self.answers + other.answers,
            equal=self.equal + other.equal,
            numbers=numbers,
            distance=self.distance + other.distance,
            means=means,
            squares=squares,
            unlike=self.unlike + other.unlike,
        )

    @property
    def share(self) -> float | None:
        """Of answers that are equal; None: there are none."""
        return self.equal / self.answers if self.answers else None

    @property
    def mean_distance(self) -> float | None:
        """Mean absolute difference; None: no answer is a number on both sides."""
        return self.distance / self.numbers if self.numbers else None

    @property
    def correlation(self) -> float | None:
        """Pearson's; None: one side always says the same, or there are no two pairs."""
        ours, theirs, both = self.squares
        if self.numbers < 2 or ours <= 0 or theirs <= 0:  # noqa: PLR2004 - a line needs two points
            return None
        return max(-1.0, min(1.0, both / math.sqrt(ours) / math.sqrt(theirs)))

    def record(self) -> AgreementRecord:
        """As the ledger keeps it."""
        return {
            "answers": self.answers,
            "equal": self.equal,
            "numbers": self.numbers,
            "distance": self.distance,
            "means": list(self.means),
            "squares": list(self.squares),
            "unlike": self.unlike,
        }

    @classmethod
    def of_record(cls, record: AgreementRecord) -> Agreement:
        """From the ledger."""
        ours, theirs = record["means"]
        first, second, both = record["squares"]
        return cls(
            record["answers"],
            record["equal"],
            record["numbers"],
            record["distance"],
            (ours, theirs),
            (first, second, both),
            record["unlike"],
        )


def _one(ours: Answer, theirs: Answer, threshold: float | None) -> Agreement:
    if isinstance(ours, str) or isinstance(theirs, str):
        return Agreement(answers=1, equal=int(str(ours) == str(theirs)))
    equal = (
        math.isclose(ours, theirs, rel_tol=_CLOSE, abs_tol=_CLOSE)
        if threshold is None
        else (ours >= threshold) == (theirs >= threshold)
    )
    return Agreement(
        answers=1, equal=int(equal), numbers=1, distance=abs(ours - theirs), means=(ours, theirs)
    )
