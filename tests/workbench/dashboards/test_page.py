"""A dashboard as a page: numbers to lines, body to HTML."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dashboards.drawing import draw, nice_ticks
from workbench.dashboards.page import markdown, page
from workbench.dashboards.series import Chart, Mark, Series, charts_of, window_of

UNTIL = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class FakeCloudWatch:
    """GetMetricData, for metrics by name."""

    def __init__(self, **values: list[float]) -> None:
        self.values, self.asked = values, list[Any]()

    def get_paginator(self, _operation: str) -> FakeCloudWatch:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        self.asked.append(request)
        results = []
        for query in request["MetricDataQueries"]:
            values = self.values.get(query["MetricStat"]["Metric"]["MetricName"], [])
            moments = [UNTIL - (len(values) - n) * MINUTE for n in range(len(values))]
            results.append({"Id": query["Id"], "Timestamps": moments, "Values": values})
        return [{"MetricDataResults": results}]


def a_body() -> dict[str, Any]:
    def chart(title: str, metric: str, stat: str) -> dict[str, Any]:
        line = [
            "N",
            metric,
            "EndpointName",
            "e",
            {"stat": stat, "label": f"{stat} 1.1.0", "color": "#2f7ed8"},
        ]
        properties = {
            "title": title,
            "period": 60,
            "stacked": False,
            "metrics": [line],
            "yAxis": {"left": {"min": 0}},
            "annotations": {"vertical": [{"label": "1.1.0 by ana", "value": "2026-11-22T11:58:00.000Z"}]},
        }
        return {"type": "metric", "properties": properties}

    text = "# pricing/hotel-rates 1.1.0\n\nendpoint `e` <b>\n\nversion | share\n---|---\n1.1.0 | 100%"
    return {
        "widgets": [
            {"type": "text", "properties": {"markdown": text}},
            chart("Requests a minute", "Invocations", "Sum"),
            chart("Model latency", "ModelLatency", "p99"),
        ]
    }


class TestCharts:
    def test_numbers_are_asked_for_as_the_body_says(self) -> None:
        """
        Namespace, name, dimensions, statistic and period of each line.
        """
        client = FakeCloudWatch(Invocations=[1.0, 2.0])
        charts_of(a_body(), client, until=UNTIL, back=timedelta(hours=3))

        (request,) = client.asked
        assert request["MetricDataQueries"][0]["MetricStat"] == {
            "Metric": {
                "Namespace": "N",
                "MetricName": "Invocations",
                "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
            },
            "Period": 60,
            "Stat": "Sum",
        }

    def test_latency_is_in_milliseconds(self) -> None:
        """
        SageMaker counts microseconds; people do not.
        """
        charts = charts_of(a_body(), FakeCloudWatch(ModelLatency=[4200.0]), until=UNTIL, back=MINUTE)

        assert charts[1].unit == "ms"
        assert charts[1].series[0].points[0][1] == 4.2

    def test_window_is_the_shortest_that_has_everything(self) -> None:
        """
        Five minutes of traffic fill the page, and so do two hours of it.
        """
        for minutes, window in ((5, 15), (40, 60), (120, 180)):
            charts = charts_of(
                a_body(),
                FakeCloudWatch(Invocations=[1.0] * minutes),
                until=UNTIL,
                back=timedelta(hours=72),
            )
            assert window_of(charts, UNTIL) == timedelta(minutes=window)


def a_chart(*series: list[float | None], stacked: bool = False, marks: tuple[Mark, ...] = ()) -> Chart:
    lines = [
        Series(
            f"s{n}",
            "#2f7ed8",
            [(UNTIL - (60 - m) * MINUTE, v) for m, v in enumerate(values) if v is not None],
        )
        for n, values in enumerate(series)
    ]
    return Chart("T", "", stacked, True, MINUTE, lines, marks)


class TestDraw:
    def test_line_is_broken_where_numbers_are_missing(self) -> None:
        """
        No traffic at night is no line through the night.
        """
        gap: list[float | None] = [1.0, 2.0, *[None] * 10, 2.0, 1.0]

        assert draw(a_chart(gap), since=UNTIL - 60 * MINUTE, until=UNTIL).count("<polyline") == 2

    def test_few_numbers_are_seen(self) -> None:
        """
        One or two numbers are dots: a line of no length is none.
        """
        few: list[float | None] = [1.0, *[None] * 10, 2.0, 1.0]

        assert draw(a_chart(few), since=UNTIL - 60 * MINUTE, until=UNTIL).count("<circle") == 3

    def test_chart_without_numbers_says_so(self) -> None:
        """
        An empty frame could be taken for zero.
        """
        assert "no numbers yet" in draw(a_chart([]), since=UNTIL - 60 * MINUTE, until=UNTIL)

    def test_stacked_series_stand_upon_each_other(self) -> None:
        """
        The upper edge of the last is the sum of all.
        """
        picture = draw(a_chart([1.0, 1.0], [2.0, 2.0], stacked=True), since=UNTIL - 60 * MINUTE, until=UNTIL)

        assert picture.count("<polygon") == 2
        assert ">3<" in picture  # the axis goes to the sum

    def test_marks_outside_of_the_window_are_left_out(self) -> None:
        """
        Only what is shown is marked; a label that would cover a newer one's is left out, its line is not.
        """
        marks = (
            Mark(UNTIL - 10 * MINUTE, "1.2.0 by ana"),
            Mark(UNTIL - 11 * MINUTE, "1.1.0 by a<b"),
            Mark(UNTIL - 12 * MINUTE, "1.0.1 by ana"),
            Mark(UNTIL - 300 * MINUTE, "1.0.0 by ana"),
        )
        picture = draw(a_chart([1.0], marks=marks), since=UNTIL - 60 * MINUTE, until=UNTIL)

        assert picture.count("c-mark") == 3
        assert re.findall(r">(1\.\d\.\d)<", picture) == ["1.2.0", "1.1.0"]
        assert "a<b" not in picture

    @given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
    def test_ticks_cover_what_is_shown(self, low: float, height: float) -> None:
        """
        Few round values from at most the lowest to at least the highest.
        """
        ticks = nice_ticks(low, low + height)

        slack = (ticks[-1] - ticks[0]) * 1e-6
        assert ticks[0] <= low + slack
        assert ticks[-1] >= low + height - slack
        assert 2 <= len(ticks) <= 8


class TestPage:
    def test_is_one_file_that_needs_nothing_else(self) -> None:
        """
        No script, no image, no style sheet of somebody else; what the text holds is text.
        """
        charts = charts_of(
            a_body(), FakeCloudWatch(Invocations=[1.0, 2.0]), until=UNTIL, back=timedelta(hours=1)
        )
        html = page(
            a_body(),
            charts,
            {"watching/e/5xx": "ALARM"},
            environment="dev",
            since=UNTIL - 60 * MINUTE,
            until=UNTIL,
        )

        assert "<script" not in html
        assert not re.search(r'(src|href)="(?!https?://|#)', html)
        assert "&lt;b&gt;" in html
        assert '<li class="bad">5xx: alarm</li>' in html

    @pytest.mark.parametrize(
        ("text", "html"),
        [
            ("a | b\n---|---\n1 | 2", "<td>1</td><td>2</td>"),
            ("[log](https://x.example/a?b=c&d=e)", '<a href="https://x.example/a?b=c&amp;d=e"'),
            ("<script>", "&lt;script&gt;"),
        ],
    )
    def test_markdown(self, text: str, html: str) -> None:
        """
        Tables and links as CloudWatch draws them; tags are text.
        """
        assert html in markdown(text)
