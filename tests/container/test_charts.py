"""Plots without a plotting library."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway_container.charts import HEIGHT, WIDTH, Axis, Chart, confusion_matrix

FINITE = st.floats(-1e9, 1e9)


class TestAxis:
    @given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e9))
    def test_ticks_are_few_round_and_within(self, low: float, width: float) -> None:
        """
        Every axis has a handful of ticks inside its range, at equal distances.
        """
        axis = Axis("x", low, low + width)
        ticks = axis.ticks()
        slack = (axis.high - axis.low) * 1e-6

        assert len(ticks) <= 8
        assert all(axis.low - slack <= tick <= axis.high + slack for tick in ticks)

    def test_empty_range_is_widened(self) -> None:
        """
        One single value is no reason to divide by zero.
        """
        assert Axis("x", 3, 3).share(3) == 0

    @given(FINITE)
    def test_values_outside_stand_at_the_edge(self, value: float) -> None:
        """
        No mark leaves the frame.
        """
        assert 0 <= Axis("x", -1, 1).share(value) <= 1


class TestChart:
    @given(st.lists(st.tuples(FINITE, FINITE), max_size=50), st.text(max_size=20))
    def test_drawing_is_well_formed(self, points: list[tuple[float, float]], title: str) -> None:
        """
        Any points and any title give an XML document of the right size.
        """
        readable = "".join(character for character in title if character.isprintable())
        chart = Chart(readable, Axis("<x>", -10, 10), Axis("&y", -10, 10))
        chart.density([x for x, _ in points], [y for _, y in points])
        chart.line([x for x, _ in points], [y for _, y in points], dashed=True)
        chart.bars([-1, 0, 1], [2, 3])
        chart.note("a < b")
        root = ET.fromstring(chart.svg())  # noqa: S314 - our own text

        assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"

    def test_many_points_stay_a_small_file(self) -> None:
        """
        A hundred thousand points cost no more than the grid they fall into.
        """
        chart = Chart("many", Axis("x", 0, 1), Axis("y", 0, 1))
        xs = [math.modf(number * 0.618)[0] for number in range(100_000)]
        chart.density(xs, [math.modf(number * 0.414)[0] for number in range(100_000)])

        assert len(chart.svg()) < 150_000


class TestConfusionMatrix:
    @pytest.mark.parametrize("counts", [((5, 1), (2, 3)), ((0, 0), (0, 0))])
    def test_shows_counts_and_shares(self, counts: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """
        Each cell has its count and its share of the row, also where a row is empty.
        """
        text = confusion_matrix("calls", ("on time", "late"), counts)

        ET.fromstring(text)  # noqa: S314 - our own text
        assert f"{counts[1][1] / (sum(counts[1]) or 1):.1%} of late" in text
