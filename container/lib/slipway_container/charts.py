"""Plots as small SVG files, drawn without a plotting library: those that an evaluation needs."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 640, 480
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 46, 62
INK, FAINT, BLUE, RED = "#1f2933", "#d9dfe5", "#1f6fb2", "#c2452d"

_MAX_TICKS = 7
_SHADES = 10
_STYLE = (
    f'width="{WIDTH}" height="{HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="14" role="img"'
)


class Axis:
    """Values from ``low`` to ``high`` on so many pixels."""

    def __init__(self, label: str, low: float, high: float) -> None:
        """Take what stands beside the axis and its range; an empty range is widened."""
        self.label = label
        self.low = low
        self.high = high if high > low else low + 1

    def share(self, value: float) -> float:
        """Where a value stands between low (0) and high (1), cut to that range."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self) -> list[float]:
        """Up to eight round values on the axis."""
        rough = (self.high - self.low) / _MAX_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


class Chart:
    """A frame with two axes, to which marks are added."""

    def __init__(self, title: str, across: Axis, up: Axis) -> None:
        """Draw the frame."""
        self._across, self._up = across, up
        self._marks: list[str] = []
        self._title = title

    def x(self, value: float) -> float:
        """The pixel of a value on the axis across."""
        return LEFT + self._across.share(value) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """The pixel of a value on the axis up."""
        return HEIGHT - BOTTOM - self._up.share(value) * (HEIGHT - TOP - BOTTOM)

    def line(
        self, xs: Sequence[float], ys: Sequence[float], *, color: str = BLUE, dashed: bool = False
    ) -> None:
        """A line through points."""
        points = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, ys))
        dashes = ' stroke-dasharray="6 5"' if dashed else ""
        self._marks.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>'
        )

    def density(self, xs: Sequence[float], ys: Sequence[float], *, cells: int = 56) -> None:
        """How many points lie where: a grid of cells, darker the more points; keeps the file small."""
        counts: dict[tuple[int, int], int] = {}
        for x, y in zip(xs, ys):
            cell = (
                min(cells - 1, int(self._across.share(x) * cells)),
                min(cells - 1, int(self._up.share(y) * cells)),
            )
            counts[cell] = counts.get(cell, 0) + 1
        most = math.log1p(max(counts.values(), default=1))
        wide, tall = (WIDTH - LEFT - RIGHT) / cells, (HEIGHT - TOP - BOTTOM) / cells
        shades: dict[int, list[str]] = {}
        for (column, row), count in sorted(counts.items()):
            corner = f"M{LEFT + column * wide:.1f} {HEIGHT - BOTTOM - (row + 1) * tall:.1f}"
            shades.setdefault(math.ceil(_SHADES * math.log1p(count) / most), []).append(corner)
        square = f"h{wide:.2f}v{tall:.2f}h-{wide:.2f}z"
        self._marks += [
            f'<path d="{"".join(corner + square for corner in corners)}" fill="{BLUE}" '
            f'fill-opacity="{0.1 + 0.9 * shade / _SHADES:.2f}"/>'
            for shade, corners in sorted(shades.items())
        ]

    def bars(self, edges: Sequence[float], heights: Sequence[float]) -> None:
        """A histogram: one bar between each two edges."""
        base = self.y(0)
        self._marks += [
            f'<rect x="{self.x(low):.1f}" y="{self.y(height):.1f}" '
            f'width="{max(0.5, self.x(high) - self.x(low) - 1):.1f}" height="{base - self.y(height):.1f}" '
            f'fill="{BLUE}"/>'
            for low, high, height in zip(edges, edges[1:], heights)
        ]

    def note(self, text: str) -> None:
        """A line of text in the upper left corner of the frame."""
        self._marks.append(_text(LEFT + 12, TOP + 22, text, anchor="start"))

    def svg(self) -> str:
        """The whole drawing."""
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        parts = []
        for value in self._across.ticks():
            x = self.x(value)
            parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{FAINT}"/>')
            parts.append(_text(x, bottom + 20, _number(value)))
        for value in self._up.ticks():
            y = self.y(value)
            parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{FAINT}"/>')
            parts.append(_text(LEFT - 8, y + 5, _number(value), anchor="end"))
        parts += self._marks
        parts.append(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="{INK}"/>')
        parts.append(_text((LEFT + right) / 2, HEIGHT - 16, self._across.label))
        middle = (TOP + bottom) / 2
        parts.append(_text(22, middle, self._up.label, turn=f' transform="rotate(-90 22 {middle})"'))
        return document(self._title, parts)


def document(title: str, parts: Sequence[str]) -> str:
    """A drawing with its title, as an SVG file's text."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {_STYLE}>',
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            _text(WIDTH / 2, 28, title, size=17),
            *parts,
            "</svg>\n",
        ]
    )


def confusion_matrix(
    title: str, labels: tuple[str, str], counts: tuple[tuple[int, int], tuple[int, int]]
) -> str:
    """
    Two by two cells with counts and each row's shares.

    Args:
        title: Stands above the drawing.
        labels: The names of the negative and the positive class.
        counts: ``counts[actual][predicted]``.

    """
    side_x, side_y, left, top = 215, 160, 160, 90
    parts = [
        _text(left + side_x, 72, "predicted"),
        _text(30, top + side_y, "actual", turn=_turned(30, top + side_y)),
    ]
    for actual, row in enumerate(counts):
        total = sum(row) or 1
        middle = top + actual * side_y + side_y / 2
        parts.append(_text(left - 14, middle + 5, labels[actual], anchor="end"))
        parts.append(_text(left + actual * side_x + side_x / 2, top + 2 * side_y + 24, labels[actual]))
        for predicted, count in enumerate(row):
            share = count / total
            x = left + predicted * side_x
            parts.append(
                f'<rect x="{x}" y="{top + actual * side_y}" width="{side_x - 4}" height="{side_y - 4}" '
                f'fill="{BLUE if actual == predicted else RED}" fill-opacity="{0.08 + 0.72 * share:.2f}"/>'
            )
            parts.append(_text(x + side_x / 2, middle, f"{count:,}", size=24))
            parts.append(_text(x + side_x / 2, middle + 26, f"{share:.1%} of {labels[actual]}"))
    return document(title, parts)


def write(folder: Path, drawings: dict[str, str]) -> list[str]:
    """Write drawings by file name; the names in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in drawings.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(drawings)


def _turned(x: float, y: float) -> str:
    return f' transform="rotate(-90 {x} {y})"'


def _number(value: float) -> str:
    return f"{round(value, 10):,g}"


def _text(x: float, y: float, text: str, *, anchor: str = "middle", size: int = 0, turn: str = "") -> str:
    sized = f' font-size="{size}"' if size else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{INK}"{sized}{turn}>{escape(text)}</text>'
