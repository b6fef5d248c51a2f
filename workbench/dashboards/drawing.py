"""Charts over time as SVG; colours of text and lines are the page's, by day and by night."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.dashboards.series import Chart, Series

    Points = Sequence[tuple[datetime, float]]

WIDTH: Final = 420
HEIGHT: Final = 190
LEFT: Final = 46
RIGHT: Final = 10
TOP: Final = 20
BOTTOM: Final = 24
TICKS: Final = 4
TINY: Final = 1e-9
"""Values that lie closer together are one."""
DOTTED: Final = 3
"""Runs of at most so many numbers have dots: they would be a speck of a line."""
GAP_PERIODS: Final = 3
"""A line is broken where numbers are missing for longer."""
STEPS: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 180, 360, 720, 1440))
MAX_TIME_TICKS: Final = 5
CHARACTER: Final = 5.2
"""Width of a character of a mark's label."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where moments and values stand in the picture."""

    since: datetime
    until: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """From the left, in the picture's units."""
        share = (at - self.since) / (self.until - self.since)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """From the top."""
        return HEIGHT - BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def nice_ticks(low: float, high: float) -> list[float]:
    """
    Round values from at most ``low`` to at least ``high``, about four steps apart.

    >>> nice_ticks(0, 87)
    [0.0, 25.0, 50.0, 75.0, 100.0]
    >>> nice_ticks(0.31, 0.33)
    [0.31, 0.315, 0.32, 0.325, 0.33]
    >>> nice_ticks(0, 0)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if high - low <= abs(high) * TINY + TINY:
        high = low + max(abs(low), 1.0)
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def draw(chart: Chart, *, since: datetime, until: datetime) -> str:
    """One chart; without numbers an empty frame that says so."""
    layers = _layers(chart) if chart.stacked else [(one, one.points, None) for one in chart.series]
    values = [value for _, points, _ in layers for at, value in points if at >= since]
    ticks = nice_ticks(0.0 if chart.from_zero or not values else min(values), max(values, default=0.0))
    frame = Frame(since, until, ticks[0], ticks[-1])
    parts = [*_grid(ticks, frame), *_hours(frame)]
    if not values:
        parts.append(f'<text class="c-none" x="{(LEFT + WIDTH) / 2}" y="{HEIGHT / 2}">no numbers yet</text>')
    for series, points, below in layers:
        parts += _line(series, [one for one in points if one[0] >= since], below, frame, chart.period)
    parts += _marks(chart, frame)
    label = escape(f"{chart.title}: {', '.join(one.label for one in chart.series)}", quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _layers(chart: Chart) -> list[tuple[Series, Points, Points | None]]:
    """Each series upon those before it, with what it stands on."""
    under: dict[datetime, float] = {}
    layers: list[tuple[Series, Points, Points | None]] = []
    for series in chart.series:
        floor = [(at, under.get(at, 0.0)) for at, _ in series.points]
        for at, value in series.points:
            under[at] = under.get(at, 0.0) + value
        layers.append((series, [(at, under[at]) for at, _ in series.points], floor))
    return layers


def short(value: float) -> str:
    """
    A number in few characters.

    >>> short(1234567), short(0.25), short(1500), short(0), short(12.5)
    ('1.2M', '0.25', '1.5k', '0', '12.5')
    """
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return (
                f"{value / limit:.2g}{letter}" if abs(value) < limit * 10 else f"{value / limit:.0f}{letter}"
            )
    return f"{value:.4g}"


def _grid(ticks: Sequence[float], frame: Frame) -> Iterator[str]:
    for tick in ticks:
        y = frame.y(tick)
        yield f'<line class="c-grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="c-y" x="{LEFT - 6}" y="{y + 3.5:.1f}">{short(tick)}</text>'


def _hours(frame: Frame) -> Iterator[str]:
    span = frame.until - frame.since
    step = next((one for one in STEPS if span / one <= MAX_TIME_TICKS), STEPS[-1])
    midnight = frame.since.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + math.ceil((frame.since - midnight) / step) * step
    while at <= frame.until:
        text = f"{at:%H:%M}" if step < STEPS[-1] else f"{at:%d %b}"
        if frame.x(at) < WIDTH - RIGHT - 12:  # the last would be cut
            yield f'<text class="c-x" x="{frame.x(at):.1f}" y="{HEIGHT - 8}">{text}</text>'
        at += step


def _line(
    series: Series, points: Points, below: Points | None, frame: Frame, period: timedelta
) -> Iterator[str]:
    runs: list[list[tuple[datetime, float]]] = []
    for at, value in points:
        if runs and at - runs[-1][-1][0] <= GAP_PERIODS * period:
            runs[-1].append((at, value))
        else:
            runs.append([(at, value)])
    floors = dict(below or ())
    for run in runs:
        upper = " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in run)
        for at, value in run if len(run) <= DOTTED else ():
            x, y = frame.x(at), frame.y(value)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{series.color}"/>'
        if len(run) == 1:
            continue
        if below is not None:
            lower = " ".join(
                f"{frame.x(at):.1f},{frame.y(floors.get(at, 0.0)):.1f}" for at, _ in reversed(run)
            )
            yield f'<polygon points="{upper} {lower}" fill="{series.color}" opacity=".22"/>'
        yield (
            f'<polyline points="{upper}" fill="none" stroke="{series.color}" stroke-width="1.8" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )


def _marks(chart: Chart, frame: Frame) -> Iterator[str]:
    """Lines for promotions; where a label would lie upon a newer one's, it is left out."""
    free_from = float(WIDTH - 2)
    for mark in sorted(chart.marks, key=lambda one: one.at, reverse=True):
        if not frame.since <= mark.at <= frame.until:
            continue
        x = frame.x(mark.at)
        yield (
            f'<g class="c-mark"><title>{escape(mark.label)}, {mark.at:%d %b %H:%M} UTC</title>'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{HEIGHT - BOTTOM}"/>'
        )
        said = mark.label.partition(" by ")[0]
        room = len(said) * CHARACTER
        start = next((one for one in (x, x - room) if one + room <= free_from), None)
        if start is not None and start >= 0:
            free_from = start - 6
            yield f'<text x="{start:.1f}" y="{TOP - 8}">{escape(said)}</text>'
        yield "</g>"
