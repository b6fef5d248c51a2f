"""An arm's outcomes in four numbers that can be merged: how many, their mean, their spread, what kind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.contracts.trial import MomentsRecord


@dataclass(frozen=True, slots=True)
class Moments:
    """
    Count, mean and sum of squared deviations of numbers that nobody keeps.

    Merging is Chan, Golub and LeVeque's update ("Updating formulae and a pairwise algorithm for computing
    sample variances", 1979): the order doesn't matter but for the rounding of doubles.

    >>> Moments.of([1, 0]).merge(Moments.of([1, 1]))
    Moments(count=4, mean=0.75, squares=0.75, binary=True)
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared deviations from the mean."""
    binary: bool = True
    """Whether every number is 0 or 1."""

    @classmethod
    def of(cls, values: Iterable[float]) -> Moments:
        """Of numbers; each must be finite."""
        numbers = list(values)
        if not numbers:
            return cls()
        mean = math.fsum(numbers) / len(numbers)
        return cls(
            count=len(numbers),
            mean=mean,
            squares=math.fsum((number - mean) ** 2 for number in numbers),
            binary=all(number in (0, 1) for number in numbers),
        )

    def merge(self, other: Moments) -> Moments:
        """Of the numbers of both."""
        count = self.count + other.count
        if not self.count or not other.count:
            return other if not self.count else self
        apart = other.mean - self.mean
        return Moments(
            count=count,
            mean=self.mean + apart * other.count / count,
            squares=self.squares + other.squares + apart**2 * self.count * other.count / count,
            binary=self.binary and other.binary,
        )

    @property
    def variance(self) -> float:
        """
        Of one outcome; 0 where nothing is known.

        That of zeros and ones is taken as if one more of each had come: a run of equal ones at the
        beginning must not look like certainty.
        """
        if self.binary:
            rate = (self.count * self.mean + 1) / (self.count + 2)
            return rate * (1 - rate)
        return self.squares / (self.count - 1) if self.count > 1 else 0.0

    def record(self) -> MomentsRecord:
        """As the ledger keeps it."""
        return {"count": self.count, "mean": self.mean, "squares": self.squares, "binary": self.binary}

    @classmethod
    def of_record(cls, record: MomentsRecord) -> Moments:
        """From the ledger."""
        return cls(record["count"], record["mean"], record["squares"], record["binary"])
