"""How a metric went while a model was trained: in words, as a line of text, as a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.answers import counted
from slipway.domain.comparison import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEIGHTS: Final = "▁▂▃▄▅▆▇█"
MAX_WIDTH: Final = 32
"""Characters of a line."""
_BOX: Final = (240, 44)
_EDGE: Final = 3
"""Around the drawn line, so that its ends are not cut."""


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """
    One metric.

    Attributes:
        metric: Its name.
        points: ``(seconds since the job began, value)`` in order; at least one.
    """

    metric: str
    points: tuple[tuple[float, float], ...]

    @property
    def said(self) -> str:
        """
        From its first to its last value.

        >>> TrainingCurve("loss", ((1.0, 8.0), (61.0, 2.5))).said
        '8 → 2.500 in 60 s, 2 values'
        >>> TrainingCurve("mae", ((5.3, 13.409),)).said
        '13.41, once'
        """
        (began, first), (ended, last) = self.points[0], self.points[-1]
        if len(self.points) == 1:
            return f"{number(last)}, once"
        values = counted(len(self.points), "value")
        return f"{number(first)} → {number(last)} in {ended - began:.0f} s, {values}"

    @property
    def line(self) -> str:
        """
        Its values as heights, the lowest at the bottom; empty: it has but one.

        >>> TrainingCurve("loss", ((0.0, 8.0), (1.0, 5.0), (2.0, 1.0))).line
        '█▅▁'
        """
        if len(self.points) == 1:
            return ""
        step = max(1.0, (len(self.points) - 1) / (MAX_WIDTH - 1))
        places = range(min(len(self.points), MAX_WIDTH))
        return "".join(
            _HEIGHTS[round(self._height(self.points[round(place * step)][1]) * (len(_HEIGHTS) - 1))]
            for place in places
        )

    @property
    def drawing(self) -> str:
        """An SVG element over time; empty: it has but one value."""
        if len(self.points) == 1:
            return ""
        width, height = _BOX
        began, ended = self.points[0][0], self.points[-1][0]
        seconds = (ended - began) or 1.0
        places = " ".join(
            f"{_EDGE + (at - began) / seconds * (width - 2 * _EDGE):.1f},"
            f"{height - _EDGE - self._height(value) * (height - 2 * _EDGE):.1f}"
            for at, value in self.points
        )
        label = escape(f"{self.metric}: {self.said}")
        return (
            f'<svg class="curve" viewBox="0 0 {width} {height}" role="img" aria-label="{label}" '
            f'preserveAspectRatio="none"><polyline points="{places}"/></svg>'
        )

    def _height(self, value: float) -> float:
        """From 0 (its lowest value) to 1."""
        values = [one for _, one in self.points]
        lowest, highest = min(values), max(values)
        return (value - lowest) / (highest - lowest) if highest > lowest else 0.0


def training_curves(facts: Mapping[str, Any]) -> Iterator[TrainingCurve]:
    """
    Those of a training job, by name.

    Args:
        facts: ``contracts.lineage_facts.TrainingFacts``.
    """
    for metric, points in sorted((facts.get("curves") or {}).items()):
        if points:
            yield TrainingCurve(metric, tuple((float(at), float(value)) for at, value in points))
