"""The difference of both sides in one metric, with what resampling says of its chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["minimize", "maximize"]
Unit = Literal["label", "nats", "1"]
"""Of a metric: ``label``: that of the label, such as EUR; ``1``: none."""
Method = Literal["bca", "percentile"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a difference lies; ``confidence`` is the share of such intervals that hold the true one."""

    lower: float
    upper: float
    confidence: float

    def times(self, sign: int) -> Interval:
        """The interval of the quantity times 1 or -1."""
        return self if sign > 0 else Interval(-self.upper, -self.lower, self.confidence)


@dataclass(frozen=True, slots=True)
class Spread:
    """The resampled differences in a few numbers."""

    mean: float
    standard_error: float
    quartiles: tuple[float, float, float]
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Challenger less champion.

    Attributes:
        point: On the rows as they are.
        interval: At the confidence that was asked for, such as 95 %.
        narrow: At twice the risk, such as 90 %: the interval of two one-sided tests.
        method: How both were made.
        resamples: Draws in which the metric was defined.
        undefined: Draws in which it was not, such as an AUC where no row of label 1 was drawn.
        units: How many rows or blocks were drawn each time.
    """

    metric: str
    direction: Direction
    unit: Unit
    champion: float
    challenger: float
    point: float
    interval: Interval
    narrow: Interval
    method: Method
    resamples: int
    undefined: int
    rows: int
    units: int
    spread: Spread

    @property
    def sign(self) -> int:
        """What turns the difference into a gain."""
        return 1 if self.direction == "maximize" else -1

    @property
    def gain(self) -> float:
        """How much better the challenger is; below nought: worse."""
        return self.sign * self.point


@dataclass(frozen=True, slots=True)
class NoDifference:
    """Why a metric of both sides could not be compared."""

    metric: str
    reason: str
