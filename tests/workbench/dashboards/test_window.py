"""A dashboard as a table: one row for each version, over one window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.domain.dashboard import dashboard_body
from slipway.domain.watched import WatchedEndpoint, WatchedVariant
from workbench.dashboards.window import variants_of

UNTIL = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
BACK = timedelta(minutes=30)


class FakeCloudWatch:
    """GetMetricData, by variant, metric and statistic; keeps what was asked."""

    def __init__(self, values: dict[tuple[str, str, str], list[float]]) -> None:
        self.values, self.asked = values, list[Any]()

    def get_paginator(self, _operation: str) -> FakeCloudWatch:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        self.asked.append(request)
        return [{"MetricDataResults": [self._result(one) for one in request["MetricDataQueries"]]}]

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        stat = query["MetricStat"]
        (variant,) = (
            one["Value"]
            for one in stat["Metric"]["Dimensions"]
            if one["Name"] in ("VariantName", "ModelName")
        )
        values = self.values.get((variant, stat["Metric"]["MetricName"], stat["Stat"]), [])
        moments = [UNTIL - timedelta(minutes=len(values) - n) for n in range(len(values))]
        return {"Id": query["Id"], "Timestamps": moments, "Values": values}


def a_body() -> dict[str, Any]:
    return dashboard_body(
        WatchedEndpoint(
            environment="dev",
            marks=(),
            data="",
            report_uri="",
            runbook="",
            usd_per_month=None,
            project="pricing",
            model="hotel-rates",
            endpoint="e",
            region="eu-west-1",
            variants=(
                WatchedVariant("v-a", "1.0.0", "m-a", "champion", 1.0),
                WatchedVariant("v-b", "1.1.0", "m-b", "shadow", 1.0),
            ),
        )
    )


class TestVariants:
    def test_each_has_a_row_of_what_the_charts_show(self) -> None:
        """
        Requests and errors are added, CPU and memory averaged, latencies in milliseconds, instances as last.
        """
        client = FakeCloudWatch(
            {
                ("v-a", "Invocations", "Sum"): [30.0, 12.0],
                ("v-a", "Invocation5XXErrors", "Sum"): [2.0],
                ("v-a", "ModelLatency", "p99"): [9000.0],
                ("v-a", "CPUUtilization", "Average"): [10.0, 20.0],
                ("v-a", "DiskUtilization", "SampleCount"): [1.0, 2.0],
                ("v-b", "Invocations", "Sum"): [5.0],
            }
        )
        first, second = variants_of(a_body(), client, until=UNTIL, back=BACK)

        assert (first.label, first.requests, first.errors_5xx, first.latency_p99) == ("v-a", 42, 2, 9)
        assert (first.cpu, first.instances, first.memory, first.errors_4xx) == (15, 2, None, None)
        assert (second.label, second.requests) == ("v-b (shadow)", 5)

    def test_a_percentile_is_that_of_the_window(self) -> None:
        """
        The window is asked for as one period from a whole minute on; only instances are counted by minutes.
        """
        client = FakeCloudWatch({})
        variants_of(a_body(), client, until=UNTIL, back=BACK)
        (request,) = client.asked
        periods = {
            (one["MetricStat"]["Metric"]["MetricName"], one["MetricStat"]["Stat"]): one["MetricStat"][
                "Period"
            ]
            for one in request["MetricDataQueries"]
        }

        assert request["StartTime"] == datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
        assert periods.pop(("DiskUtilization", "SampleCount")) == 60
        assert set(periods.values()) == {1800}

    def test_a_cut_window_tells_no_percentile_too_low(self) -> None:
        """
        Of two periods' percentiles the greater: that of both together is at most this.
        """
        client = FakeCloudWatch({("v-a", "ModelLatency", "p50"): [4000.0, 8000.0]})

        assert variants_of(a_body(), client, until=UNTIL, back=BACK)[0].latency_p50 == 8
