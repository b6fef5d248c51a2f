"""
The paired bootstrap: how far would the difference of both sides move if other rows had been evaluated?

Both sides are measured on the same draws of the same rows, so what makes a row hard for both cancels
out. Draws are streamed: memory doesn't grow with their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.confidence import bca_interval, percentile_interval, spread_of
from slipway.domain.judging.difference import Difference, NoDifference
from slipway.domain.judging.resampling import blocked, plain
from slipway.domain.judging.statistic import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.domain.judging.arrays import Counts, Floats
    from slipway.domain.judging.difference import Interval, Method
    from slipway.domain.judging.metric import Metric
    from slipway.domain.judging.pairing import Pair
    from slipway.domain.judging.resampling import Resampling
    from slipway.domain.judging.statistic import Segments, Statistic

RESAMPLES: Final = 2000
CONFIDENCE: Final = 0.95
MIN_UNITS: Final = 20
"""With fewer rows or blocks than this, draws say little of what other ones would bring."""
MAX_UNDEFINED: Final = 0.05
"""Share of the draws in which a metric may be undefined."""
_JACKKNIFE_GROUPS: Final = 200


@dataclass(frozen=True, slots=True)
class Contrast:
    """
    One metric of both sides, ready for draws.

    Example:
        ``Contrast.of(metric, pair).differences(counts)`` are challenger less champion in each draw.
    """

    metric: Metric
    champion: Statistic
    challenger: Statistic

    @classmethod
    def of(cls, metric: Metric, pair: Pair, segments: Segments = WHOLE) -> Contrast:
        """Prepare both sides once; ask ``metric.missing`` before."""
        return cls(metric, metric.prepare(pair.champion, segments), metric.prepare(pair.challenger, segments))

    def both(self, counts: Counts) -> tuple[Floats, Floats]:
        """The champion's and the challenger's values, shape ``(draws, segments)`` each."""
        return self.champion.values(counts), self.challenger.values(counts)

    def differences(self, counts: Counts) -> Floats:
        """Challenger less champion."""
        champion, challenger = self.both(counts)
        return challenger - champion


def usual_resampling(pair: Pair) -> Resampling:
    """How to draw where nothing else is asked for: rows, and groups where models rank within them."""
    group = pair.champion.group
    return plain(len(pair)) if group is None else blocked(group)


def resampled(contrasts: Sequence[Contrast], batches: Iterable[Counts]) -> list[Floats]:
    """The differences of each contrast in all draws, shape ``(draws, segments)``; all see the same draws."""
    found: list[list[Floats]] = [[] for _ in contrasts]
    for counts in batches:
        for contrast, differences in zip(contrasts, found, strict=True):
            differences.append(contrast.differences(counts))
    return [np.concatenate(differences) for differences in found]


def once(pair: Pair) -> Counts:
    """The rows as they are: each drawn once."""
    return np.ones((1, len(pair)), dtype=np.uint8)


def compare(
    pair: Pair,
    metrics: Sequence[Metric],
    *,
    resampling: Resampling | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    method: Method = "bca",
) -> list[Difference | NoDifference]:
    """
    The difference of both sides in each metric, all from the same draws.

    Args:
        pair: Both sides' rows.
        metrics: In the order of the answers.
        resampling: How to draw; None: rows, or groups where models rank within them.
        resamples: How many draws.
        confidence: Of the interval; two one-sided tests get twice the risk.
        method: ``bca``, or plain ``percentile``.
    """
    drawing = resampling or usual_resampling(pair)
    lacks = [_lack(metric, pair, drawing) for metric in metrics]
    contrasts = [Contrast.of(metric, pair) for metric, lack in zip(metrics, lacks, strict=True) if not lack]
    if not contrasts:
        return [NoDifference(metric.name, lack) for metric, lack in zip(metrics, lacks, strict=True)]
    drawn = resampled(contrasts, drawing.draws(resamples))
    left_out = None
    if method == "bca":
        left_out = resampled(contrasts, drawing.without(min(_JACKKNIFE_GROUPS, drawing.unit_count)))
    answers = iter(
        [
            _difference(
                contrast,
                pair,
                drawn[index][:, 0],
                None if left_out is None else left_out[index][:, 0],
                drawing,
                confidence,
            )
            for index, contrast in enumerate(contrasts)
        ]
    )
    return [
        NoDifference(metric.name, lack) if lack else next(answers)
        for metric, lack in zip(metrics, lacks, strict=True)
    ]


def _lack(metric: Metric, pair: Pair, drawing: Resampling) -> str:
    for name, side in (("champion", pair.champion), ("challenger", pair.challenger)):
        lack = metric.missing(side)
        if lack:
            return f"the {name}'s {lack}"
    return not_drawable(pair, drawing)


def not_drawable(pair: Pair, drawing: Resampling) -> str:
    """Why draws of these units say nothing of the rows; empty if they do."""
    if drawing.unit_count < MIN_UNITS:
        unit = "rows" if drawing.units is None else "blocks"
        return f"there are {drawing.unit_count} {unit}, and a comparison needs at least {MIN_UNITS}"
    group = pair.champion.group
    if group is None:
        return ""
    units = np.arange(len(pair)) if drawing.units is None else drawing.units
    _, first, codes = np.unique(group, return_index=True, return_inverse=True)
    apart = int(np.count_nonzero(units != units[first][codes]))
    return f"groups are ranked whole, and {apart:,} rows would be drawn apart from theirs" if apart else ""


def _difference(
    contrast: Contrast,
    pair: Pair,
    drawn: Floats,
    left_out: Floats | None,
    drawing: Resampling,
    confidence: float,
) -> Difference | NoDifference:
    metric = contrast.metric
    champion, challenger = (float(values[0, 0]) for values in contrast.both(once(pair)))
    point = challenger - champion
    defined = drawn[np.isfinite(drawn)]
    undefined = len(drawn) - len(defined)
    if not np.isfinite(point) or undefined > MAX_UNDEFINED * len(drawn):
        reason = f"{metric.name} is not defined in {undefined:,} of {len(drawn):,} draws of the rows"
        return NoDifference(metric.name, reason)

    def interval(level: float) -> Interval:
        if left_out is None:
            return percentile_interval(defined, level)
        return bca_interval(defined, point, left_out[np.isfinite(left_out)], level)

    return Difference(
        metric=metric.name,
        direction=metric.direction,
        unit=metric.unit,
        champion=champion,
        challenger=challenger,
        point=point,
        interval=interval(confidence),
        narrow=interval(2 * confidence - 1),
        method="percentile" if left_out is None else "bca",
        resamples=len(defined),
        undefined=undefined,
        rows=len(pair),
        units=drawing.unit_count,
        spread=spread_of(defined),
    )
