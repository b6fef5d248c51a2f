"""What the rows of both sides' predictions say of a challenger, ready for gates, verdict and report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.report import RowsPlot
    from slipway.domain.judging.difference import Difference, NoDifference
    from slipway.domain.judging.slices import SliceReport
    from slipway.domain.judging.verdict import Conclusion
    from slipway.domain.measurement import Measurement

    SliceMetrics = Mapping[str, Mapping[str, Mapping[str, float | None]]]
    """Slice column to value to metric to what it is there; None where it is not defined."""

RELATIVE_TOLERANCE: Final = 0.001
"""A reported value may differ so much from the computed one: it may have been rounded to four digits."""
ABSOLUTE_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class RowsEvidence:
    """
    What was computed from rows.

    Attributes:
        rows: How many there are.
        problem: Why nothing could be computed; it rejects.
        champion_problem: Why the champion's rows could not be compared though the challenger's are good.
        challenger: Metric to the value that the platform computes.
        champion: Likewise; None: there is no champion, or it wrote no predictions.
        reasons: Why a metric of the challenger is not defined on its rows.
        misdeclared: Declared metrics whose direction is not the platform's, in words.
        slices: Of the columns that gates name, those with enough rows.
        champion_slices: Likewise of the champion.
        small_slices: Column to values with too few rows.
        conclusion: By the primary metric; None: it was not compared, and ``not_compared`` says why.
        differences: Of the metrics that were compared, the primary one first.
        slice_report: Both sides in each slice, by the primary metric.
        plots: What the platform draws of the rows.
        predictions: Between which the middle 99 % of the challenger's lay; None: they are no numbers, or few.
    """

    rows: int = 0
    problem: str = ""
    champion_problem: str = ""
    challenger: Mapping[str, float] = field(default_factory=dict)
    champion: Mapping[str, float] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    misdeclared: tuple[str, ...] = ()
    slices: SliceMetrics = field(default_factory=dict)
    champion_slices: SliceMetrics = field(default_factory=dict)
    small_slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conclusion: Conclusion | None = None
    not_compared: str = ""
    differences: tuple[Difference | NoDifference, ...] = ()
    slice_report: SliceReport | None = None
    plots: tuple[RowsPlot, ...] = ()
    predictions: tuple[float, float] | None = None

    def contradictions(self, reported: Measurement) -> list[str]:
        """What a side's own report says otherwise than its rows, in words."""
        return [
            f"{name} was reported as {reported.metrics[name]:.6g}, and the rows give {value:.6g}"
            for name, value in self.challenger.items()
            if name in reported.metrics and not agree(reported.metrics[name], value)
        ]


def agree(reported: float, computed: float) -> bool:
    """
    Whether a reported value is the computed one, but for rounding.

    >>> agree(31.2, 31.2046), agree(31.2, 31.3)
    (True, False)
    """
    return abs(reported - computed) <= max(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * abs(computed))
