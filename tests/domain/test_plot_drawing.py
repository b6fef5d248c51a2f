from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.plot_drawing import draw_curves, draw_plots

SHARES = st.floats(0, 1)
VALUES = st.floats(-1e9, 1e9)
POINTS = {
    "roc": st.tuples(SHARES, SHARES),
    "precision-recall": st.tuples(SHARES, SHARES),
    "calibration": st.tuples(SHARES, SHARES, SHARES),
    "residuals": st.tuples(VALUES, VALUES, SHARES),
    "residuals-by-prediction": st.tuples(VALUES, VALUES, VALUES, VALUES),
}


def report(kind: str, points: Any, **changes: Any) -> dict[str, Any]:
    series = [{"side": side, "points": points} for side in ("challenger", "champion")]
    return {
        "challenger": {"version": "1.1.0"},
        "champion": {"version": "1.0.0"},
        "rows": {"plots": [{"kind": kind, "series": series, **changes}]},
    }


class TestDrawPlots:
    @given(st.data(), st.sampled_from(sorted(POINTS)))
    def test_whatever_the_numbers_it_is_a_picture(self, data: Any, kind: str) -> None:
        """Well-formed SVG that says its title, loads nothing and runs nothing; every mark lies inside."""
        points = [list(one) for one in data.draw(st.lists(POINTS[kind], min_size=1, max_size=30))]
        (drawn,) = draw_plots(report(kind, points))

        picture = ET.fromstring(drawn.svg)  # noqa: S314 - our own
        assert picture.find("{http://www.w3.org/2000/svg}title").text == drawn.title  # type: ignore[union-attr]
        names = {element.tag.rpartition("}")[2] for element in picture.iter()}
        assert names <= {"svg", "title", "rect", "text", "path", "polyline", "polygon", "circle"}
        assert "href" not in drawn.svg
        for line in picture.iter("{http://www.w3.org/2000/svg}polyline"):
            for corner in line.get("points", "").split():
                x, y = map(float, corner.split(","))
                assert 0 <= x <= 460
                assert 0 <= y <= 340

    def test_both_sides_are_named(self) -> None:
        """A line without a name says nothing."""
        (drawn,) = draw_plots(report("roc", [[0, 0], [1, 1]]))

        assert "challenger 1.1.0" in drawn.svg
        assert "champion 1.0.0" in drawn.svg

    @given(st.lists(st.text(max_size=30), min_size=2, max_size=2))
    def test_classes_are_written_as_text(self, classes: list[str]) -> None:
        """Whatever a model calls its classes."""
        document = report("confusion", [[5, 1], [0, 9]], classes=classes)
        document["rows"]["plots"][0]["series"].pop()
        (drawn,) = draw_plots(document)

        ET.fromstring(drawn.svg)  # noqa: S314 - our own
        assert drawn.title == "Confusion, challenger 1.1.0"

    def test_plot_of_a_later_version_of_the_report_is_passed_over(self) -> None:
        """And a report without any has none."""
        assert draw_plots(report("violin", [[1, 2]])) == []
        assert draw_plots({}) == []


class TestDrawCurves:
    def test_each_metric_of_the_training_is_a_chart(self) -> None:
        """One point is no curve: it stands among the last values."""
        drawn = draw_curves({"training_curves": {"loss": [[0, 3.0], [5, 1.0]], "mae": [[5, 2.0]], "x": []}})

        assert [one.title for one in drawn] == ["Training: loss"]
