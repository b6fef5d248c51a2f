"""
The worst slice: is the challenger worse in some part of the rows, looking at many parts?

The more slices are looked at, the likelier one of them is bad by chance. The step-down max-T
procedure (Westfall and Young, 1993; Romano and Wolf, 2005) holds the chance of even one false
``worse`` at its level. It compares each slice with the worst of all slices in the same draws, so it
knows that slices overlap, where Bonferroni's and Holm's corrections must assume the worst; and its
critical value is an ordinary quantile, where theirs lie too far out for 2,000 draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.bootstrap import (
    CONFIDENCE,
    MAX_UNDEFINED,
    RESAMPLES,
    Contrast,
    not_drawable,
    once,
    resampled,
    usual_resampling,
)
from slipway.domain.judging.statistic import Segments

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from slipway.domain.judging.arrays import Floats
    from slipway.domain.judging.metric import Metric
    from slipway.domain.judging.pairing import Pair
    from slipway.domain.judging.resampling import Resampling

MIN_ROWS: Final = 100
"""Slices with fewer rows are named and not judged."""
MAX_SLICES: Final = 400
"""As many are judged, those with the most rows."""


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """
    The primary metric of both sides in one slice.

    Attributes:
        gain: How much better the challenger is here; below nought: worse.
        lower: The gain's lower bound; all slices' bounds hold together at the confidence.
        upper: Likewise.
        p_worse: Adjusted for all slices: how likely so bad a gain is if none is worse than the margin.
        worse: Whether ``p_worse`` is at most the level.
    """

    column: str
    value: str
    rows: int
    champion: float
    challenger: float
    gain: float
    standard_error: float
    lower: float
    upper: float
    p_worse: float
    worse: bool


@dataclass(frozen=True, slots=True)
class SliceNotJudged:
    """A slice of which nothing can be said, and why."""

    column: str
    value: str
    rows: int
    reason: str


@dataclass(frozen=True, slots=True)
class SliceReport:
    """All slices; ``worst`` is the judged one whose gain may at best be the lowest."""

    judged: tuple[SliceDifference, ...]
    not_judged: tuple[SliceNotJudged, ...]

    @property
    def worst(self) -> SliceDifference | None:
        return min(self.judged, key=lambda one: one.upper, default=None)

    @property
    def worse(self) -> tuple[SliceDifference, ...]:
        """Slices in which the challenger is worse by more than the margin."""
        return tuple(one for one in self.judged if one.worse)


@dataclass(frozen=True, slots=True)
class _Candidate:
    column: str
    value: str
    rows: int
    code: int


def compare_slices(
    pair: Pair,
    metric: Metric,
    *,
    columns: Collection[str] | None = None,
    margin: float = 0.0,
    resampling: Resampling | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    min_rows: int = MIN_ROWS,
) -> SliceReport:
    """
    Compare both sides in every slice of every slice column, all from the same draws.

    The level of ``worse`` is one-sided, half of what the confidence leaves: that of the verdict's ``worse``.

    Args:
        pair: Both sides' rows.
        metric: The primary metric.
        columns: Slice columns to look at; None: all.
        margin: By how much a slice may be worse.
        resampling: How to draw; None: rows, or groups where models rank within them.
        resamples: How many draws.
        confidence: Of the bounds of all slices together.
        min_rows: Slices with fewer rows are not judged.
    """
    wanted, not_judged = _candidates(pair, pair.slices if columns is None else columns, min_rows)
    drawing = resampling or usual_resampling(pair)
    lack = metric.missing(pair.champion) or metric.missing(pair.challenger) or not_drawable(pair, drawing)
    if lack or not wanted:
        not_judged += [SliceNotJudged(one.column, one.value, one.rows, lack) for one in wanted]
        return SliceReport((), tuple(not_judged))
    looked_at = list(dict.fromkeys(candidate.column for candidate in wanted))
    contrasts = [Contrast.of(metric, pair, _segments(pair, column, wanted)) for column in looked_at]
    drawn = metric.sign * np.concatenate(resampled(contrasts, drawing.draws(resamples)), axis=1)
    values = [contrast.both(once(pair)) for contrast in contrasts]
    champion = np.concatenate([both[0][0] for both in values])
    challenger = np.concatenate([both[1][0] for both in values])
    ordered = [candidate for column in looked_at for candidate in wanted if candidate.column == column]
    defined = np.isfinite(drawn).mean(axis=0) >= 1 - MAX_UNDEFINED
    defined &= np.isfinite(champion) & np.isfinite(challenger)
    for candidate, fine in zip(ordered, defined.tolist(), strict=True):
        if not fine:
            reason = f"{metric.name} is not defined in this slice, or in too many draws of its rows"
            not_judged.append(SliceNotJudged(candidate.column, candidate.value, candidate.rows, reason))
    kept = [candidate for candidate, fine in zip(ordered, defined.tolist(), strict=True) if fine]
    judged = _judged(
        kept, champion[defined], challenger[defined], drawn[:, defined], metric, margin, confidence
    )
    return SliceReport(tuple(judged), tuple(not_judged))


def _candidates(
    pair: Pair, columns: Collection[str], min_rows: int
) -> tuple[list[_Candidate], list[SliceNotJudged]]:
    found = [
        _Candidate(column, value, rows, code)
        for column, slicing in pair.slices.items()
        if column in columns
        for code, (value, rows) in enumerate(
            zip(
                slicing.values,
                np.bincount(slicing.codes, minlength=len(slicing.values)).tolist(),
                strict=True,
            )
        )
    ]
    large = sorted((one for one in found if one.rows >= min_rows), key=lambda one: -one.rows)
    small = [
        SliceNotJudged(one.column, one.value, one.rows, f"fewer than {min_rows:,} rows")
        for one in found
        if one.rows < min_rows
    ]
    beyond = [
        SliceNotJudged(one.column, one.value, one.rows, f"only the {MAX_SLICES} largest slices are judged")
        for one in large[MAX_SLICES:]
    ]
    return large[:MAX_SLICES], small + beyond


def _segments(pair: Pair, column: str, wanted: Sequence[_Candidate]) -> Segments:
    slicing = pair.slices[column]
    mine = [candidate.code for candidate in wanted if candidate.column == column]
    place = np.full(len(slicing.values), -1, dtype=np.int64)
    place[mine] = np.arange(len(mine))
    return Segments(place[slicing.codes], len(mine))


def _judged(
    slices: Sequence[_Candidate],
    champion: Floats,
    challenger: Floats,
    drawn: Floats,
    metric: Metric,
    margin: float,
    confidence: float,
) -> list[SliceDifference]:
    if not slices:
        return []
    gains = metric.sign * (challenger - champion)
    errors = np.nanstd(drawn, axis=0, ddof=1)
    # a slice in which both sides agree in every draw has no spread: its gain is what it is
    scale = np.where(errors > 0, errors, np.inf)
    moved = np.nan_to_num((drawn - gains) / scale)
    reach = float(np.quantile(np.abs(moved).max(axis=1), confidence))
    adjusted = step_down((-margin - gains) / scale, -moved)
    adjusted[(errors == 0) & (gains < -margin)] = 0.0
    level = (1 - confidence) / 2
    return [
        SliceDifference(
            column=one.column,
            value=one.value,
            rows=one.rows,
            champion=float(champion[place]),
            challenger=float(challenger[place]),
            gain=float(gains[place]),
            standard_error=float(errors[place]),
            lower=float(gains[place] - reach * errors[place]),
            upper=float(gains[place] + reach * errors[place]),
            p_worse=float(adjusted[place]),
            worse=bool(adjusted[place] <= level),
        )
        for place, one in enumerate(slices)
    ]


def step_down(observed: Floats, drawn: Floats) -> Floats:
    """
    Adjusted p-values of one-sided tests, large values speaking against the hypothesis.

    Args:
        observed: Each test's value.
        drawn: The same around nought in each draw, shape ``(draws, tests)``.
    """
    order = np.argsort(-observed, kind="stable")
    # the largest of this test and of all less significant ones, in each draw
    largest = np.maximum.accumulate(drawn[:, order][:, ::-1], axis=1)[:, ::-1]
    reached = (largest >= observed[order]).sum(axis=0)
    stepwise = np.maximum.accumulate((1 + reached) / (1 + len(drawn)))
    adjusted = np.empty(len(observed))
    adjusted[order] = stepwise
    return adjusted
