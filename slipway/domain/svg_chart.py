"""A chart as SVG: a frame with two axes, lines, bands and bars, and a legend; no style sheet, no script."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 460
HEIGHT: Final = 340
LEFT: Final = 62
RIGHT: Final = 16
TOP: Final = 40
BOTTOM: Final = 48
INK: Final = "#1f2933"
SOFT: Final = "#52606d"
GRID: Final = "#e2e8ee"
BLUE: Final = "#1668b0"
ORANGE: Final = "#b3541e"
"""Blue and orange are told apart with any kind of colour blindness; lines differ in their dashes as well."""
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_TICKS: Final = 6
_FEW_DIGITS: Final = 1e5


@dataclass(frozen=True, slots=True)
class Axis:
    """
    A range of values.

    Attributes:
        label: Plain text beside the axis.
        low: Left or below; ``high`` must not be less.
    """

    label: str
    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value stands, from 0 (low) to 1 (high)."""
        return min(1.0, max(0.0, (value - self.low) / self._span))

    @property
    def _span(self) -> float:
        return self.high - self.low if self.high > self.low else 1.0

    def ticks(self) -> list[float]:
        """
        Round values on the axis, at most seven.

        >>> Axis("x", 0.0, 1.0).ticks()
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        """
        rough = self._span / _MOST_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, 12) for number in range(first, last + 1)]


def spanning(label: str, values: Sequence[float], *, from_nought: bool = False) -> Axis:
    """An axis that holds all values, with a little room."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) * 0.04 or abs(high) * 0.1 or 0.5
    return Axis(label, 0.0 if from_nought and low >= 0 else low - room, high + room)


@dataclass(slots=True)
class Chart:
    """
    Marks within a frame.

    Attributes:
        title: Plain text above it, and what screen readers say.
    """

    title: str
    across: Axis
    up: Axis
    _marks: list[str] = field(default_factory=list)
    _legend: list[tuple[str, str, str]] = field(default_factory=list)

    def line(
        self, points: Sequence[Sequence[float]], *, color: str, dashes: str = "", name: str = ""
    ) -> None:
        """A line through ``[x, y]``; ``name`` adds it to the legend."""
        path = " ".join(f"{self._x(point[0]):.1f},{self._y(point[1]):.1f}" for point in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._marks.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dashed}/>'
        )
        if name:
            self._legend.append((name, color, dashes))

    def dots(self, points: Sequence[Sequence[float]], *, color: str) -> None:
        """A dot at each ``[x, y]``."""
        self._marks += [
            f'<circle cx="{self._x(point[0]):.1f}" cy="{self._y(point[1]):.1f}" r="3" fill="{color}"/>'
            for point in points
        ]

    def band(self, points: Sequence[Sequence[float]], *, color: str) -> None:
        """The area between ``[x, low, high]``."""
        there = [f"{self._x(point[0]):.1f},{self._y(point[1]):.1f}" for point in points]
        back = [f"{self._x(point[0]):.1f},{self._y(point[2]):.1f}" for point in reversed(points)]
        self._marks.append(f'<polygon points="{" ".join(there + back)}" fill="{color}" fill-opacity="0.14"/>')

    def steps(self, bins: Sequence[Sequence[float]], *, color: str, dashes: str = "", name: str = "") -> None:
        """The outline of bars ``[from, to, height]``."""
        corners = [corner for start, end, height in bins for corner in ((start, height), (end, height))]
        if corners:
            self.line(
                [(corners[0][0], 0.0), *corners, (corners[-1][0], 0.0)],
                color=color,
                dashes=dashes,
                name=name,
            )

    def svg(self) -> str:
        """The whole picture."""
        return framed(self.title, "".join((self._grid(), *self._marks, self._names())))

    def _x(self, value: float) -> float:
        return LEFT + self.across.share(value) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.up.share(value) * (HEIGHT - TOP - BOTTOM)

    def _grid(self) -> str:
        floor, parts = HEIGHT - BOTTOM, []
        for tick in self.across.ticks():
            x = self._x(tick)
            parts.append(f'<path d="M{x:.1f} {TOP}V{floor}" stroke="{GRID}"/>')
            parts.append(text(_written(tick), x, floor + 16, anchor="middle", color=SOFT))
        for tick in self.up.ticks():
            y = self._y(tick)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
            parts.append(text(_written(tick), LEFT - 6, y + 4, anchor="end", color=SOFT))
        middle = (TOP + floor) / 2
        parts.append(text(self.across.label, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, anchor="middle"))
        parts.append(text(self.up.label, 14, middle, anchor="middle", turned=True))
        return "".join(parts)

    def _names(self) -> str:
        parts, x = [], float(LEFT)
        for name, color, dashes in self._legend:
            dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
            parts.append(f'<path d="M{x:.0f} {TOP - 9}h22" stroke="{color}" stroke-width="2"{dashed}/>')
            parts.append(text(name, x + 27, TOP - 5, color=SOFT))
            x += 40 + 6.6 * len(name)
        return "".join(parts)


def framed(title: str, content: str, *, height: float = HEIGHT) -> str:
    """An SVG document with a title on white."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'font-family="Helvetica,Arial,sans-serif" font-size="12"><title>{_plain(title)}</title>'
        f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>'
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="600" fill="{INK}">{_plain(title)}</text>'
        f"{content}</svg>"
    )


def text(
    words: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    color: str = INK,
    turned: bool = False,
    size: float = 12,
) -> str:
    """Plain text at a place; ``turned`` reads upwards."""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    sized = f' font-size="{size:g}"' if size != 12 else ""  # noqa: PLR2004 - the document's own
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}"{sized}{turn}>'
        f"{_plain(words)}</text>"
    )


def _plain(words: str) -> str:
    """Escaped, and without what XML can't hold: one such sign and the whole picture is not shown."""
    return escape(_NOT_XML.sub("\ufffd", words))


def _written(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < _FEW_DIGITS else f"{value:.3g}"
