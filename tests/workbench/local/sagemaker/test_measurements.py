"""Metrics stay small however many requests there are, and say what the requests said."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.local.sagemaker.measurements import by_minute, rounded

points = st.builds(
    lambda at, value, count: {"Timestamp": at, "Value": value, "Count": count, "Unit": "Count"},
    st.floats(0, 600),
    st.sampled_from([0.0, 1.0, 12.5]),
    st.integers(1, 9).map(float),
)


class TestPutTogether:
    @given(st.lists(points, max_size=40))
    def test_minutes_keep_number_sum_and_extremes(self, seen: list[dict[str, Any]]) -> None:
        """
        Whatever came, each minute's datapoints are no more than its different values, in order of time, and
        have the same number, sum, least and greatest.
        """
        together = by_minute(seen)

        def of(found: list[dict[str, Any]], minute: int) -> tuple[float, float, set[float]]:
            inside = [point for point in found if point["Timestamp"] // 60 == minute]
            return (
                sum(point["Count"] for point in inside),
                sum(point["Count"] * point["Value"] for point in inside),
                {point["Value"] for point in inside},
            )

        assert all(of(together, minute) == of(seen, minute) for minute in range(11))
        assert all(sum(point["Timestamp"] // 60 == minute for point in together) <= 3 for minute in range(11))
        times = [point["Timestamp"] for point in together]
        assert times == sorted(times)

    @given(st.floats(1, 1e9))
    def test_latencies_are_right_to_half_a_percent(self, value: float) -> None:
        """
        Rounding moves no latency by more than that.
        """
        assert abs(rounded(value) - value) <= 0.005 * value
