"""Curves of metrics as text and as drawings."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.metric_curves import MAX_POINTS
from slipway.domain.training_curves import MAX_WIDTH, TrainingCurve, training_curves

VALUES = st.floats(-1e12, 1e12)
CURVES = st.lists(VALUES, min_size=1, max_size=MAX_POINTS).map(
    lambda values: TrainingCurve("loss", tuple((float(at), value) for at, value in enumerate(values)))
)


class TestLine:
    @given(CURVES)
    def test_first_and_last_value_are_in_it_and_it_fits(self, curve):
        """
        As many characters as values, at most 32; both ends are those of the curve.
        """
        line = curve.line

        assert len(line) == (0 if len(curve.points) == 1 else min(len(curve.points), MAX_WIDTH))
        if line:
            first, last = curve.points[0][1], curve.points[-1][1]
            assert (line[0] <= line[-1]) if first <= last else (line[0] >= line[-1])

    def test_level_curve_lies_at_the_bottom(self):
        """
        Nothing changed: nothing is drawn as if it had.
        """
        assert TrainingCurve("loss", ((0.0, 2.0), (1.0, 2.0))).line == "▁▁"


class TestDrawing:
    @given(CURVES)
    def test_it_stays_in_its_box(self, curve):
        """
        Every point lies inside; what cannot see it hears its first and last value.
        """
        if len(curve.points) == 1:
            assert curve.drawing == ""
            return
        drawn = ET.fromstring(curve.drawing)  # noqa: S314 - our own text
        width, height = map(float, drawn.attrib["viewBox"].split()[2:])

        assert curve.said in drawn.attrib["aria-label"]
        for place in drawn[0].attrib["points"].split():
            across, down = map(float, place.split(","))
            assert 0 <= across <= width
            assert 0 <= down <= height


class TestFacts:
    def test_a_job_without_a_log_has_none(self):
        """
        Nor has a metric that never matched.
        """
        assert list(training_curves({})) == []
        assert list(training_curves({"curves": {"loss": []}})) == []

    def test_they_come_by_name(self):
        """
        As DynamoDB's JSON has them: whole numbers come back as int.
        """
        facts = {"curves": {"b": [[1, 2]], "a": [[0.5, 3], [2, 1]]}}

        assert [one.metric for one in training_curves(facts)] == ["a", "b"]
