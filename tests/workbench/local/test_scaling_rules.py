"""Rules of Application Auto Scaling that need no server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.local.autoscaling.decisions import clamped, stepped, tracked
from workbench.local.autoscaling.schedule_times import read
from workbench.local.autoscaling.schedules import next_due
from workbench.local.sagemaker.errors import ServiceError

SHRINK = {
    "AdjustmentType": "PercentChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -30}],
}


def times(expression: str, timezone: str, after: str, count: int) -> list[str]:
    """The first times of a schedule after a moment, in UTC."""
    schedule, moment, found = read(expression, timezone), datetime.fromisoformat(after), []
    for _ in range(count):
        due = schedule.next_after(moment)
        assert due is not None
        found.append(due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M"))
        moment = due
    return found


class TestTargetTracking:
    @given(
        current=st.integers(1, 50),
        value=st.floats(0, 1e5, allow_nan=False),
        target=st.floats(0.1, 1e4, allow_nan=False),
    )
    def test_the_load_falls_to_the_target_and_no_further(
        self, current: int, value: float, target: float
    ) -> None:
        """
        Spread over the wanted instances the load is at most the target; over one less it would exceed it.
        """
        wanted = tracked(current, value, target)
        load = current * value

        of_an_instance = 1e-6  # what rounding may add or take
        assert load <= (wanted + of_an_instance) * target
        assert wanted == 0 or load > (wanted - 1 - of_an_instance) * target

    @given(st.integers(-5, 50), st.integers(0, 10), st.integers(0, 10))
    def test_limits_are_kept(self, count: int, least: int, span: int) -> None:
        """
        What is set lies within the limits, and is what was wanted where that does.
        """
        found = clamped(count, least, least + span)

        assert least <= found <= least + span
        assert found == count or not least <= count <= least + span


class TestSteps:
    @pytest.mark.parametrize(("current", "expected"), [(10, 7), (2, 1), (1, 0)])
    def test_percentages_round_towards_zero_but_change_something(self, current: int, expected: int) -> None:
        """
        30 % less of 10 is 7; of 2 it would be 1.4, and of 1 nothing: one instance goes all the same.
        """
        assert stepped(current, -1.0, SHRINK) == expected

    def test_a_least_change_counts_for_percentages(self) -> None:
        """
        MinAdjustmentMagnitude makes a small percentage a larger step.
        """
        steps: dict[str, Any] = {
            "AdjustmentType": "PercentChangeInCapacity",
            "MinAdjustmentMagnitude": 2,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 10}],
        }

        assert stepped(4, 1.0, steps) == 6

    def test_exact_capacity_is_that_number(self) -> None:
        """
        ExactCapacity sets the number, whatever there is.
        """
        steps: dict[str, Any] = {
            "AdjustmentType": "ExactCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 5}],
        }

        assert (stepped(1, 0.0, steps), stepped(9, 3.0, steps)) == (5, 5)


class TestScheduleTimes:
    def test_cron_is_in_its_time_zone(self) -> None:
        """
        Eight in the evening in Berlin is another hour of UTC in summer than in winter.
        """
        found = times("cron(0 20 * * ? *)", "Europe/Berlin", "2025-10-25T00:00:00+00:00", 2)

        assert found == ["2025-10-25T18:00", "2025-10-26T19:00"]

    def test_the_hour_that_spring_leaves_out_is_passed_over(self) -> None:
        """
        What is due at half past two is not due on the night whose clocks go from two to three.
        """
        found = times("cron(30 2 * * ? *)", "Europe/Berlin", "2025-03-29T12:00:00+00:00", 1)

        assert found == ["2025-03-31T00:30"]

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("cron(0/30 9-10 ? * MON-FRI *)", ["2025-06-02T09:00", "2025-06-02T09:30", "2025-06-02T10:00"]),
            ("cron(0 0 L * ? *)", ["2025-06-30T00:00", "2025-07-31T00:00", "2025-08-31T00:00"]),
            ("cron(0 0 1W * ? *)", ["2025-06-02T00:00", "2025-07-01T00:00", "2025-08-01T00:00"]),
            ("cron(0 0 ? * 6L *)", ["2025-06-27T00:00", "2025-07-25T00:00", "2025-08-29T00:00"]),
            ("cron(0 0 ? * MON#1 *)", ["2025-06-02T00:00", "2025-07-07T00:00", "2025-08-04T00:00"]),
            (
                "cron(15 12 1,15 JAN,JUL ? 2025-2026)",
                ["2025-07-01T12:15", "2025-07-15T12:15", "2026-01-01T12:15"],
            ),
        ],
    )
    def test_every_form_of_cron_is_read(self, expression: str, expected: list[str]) -> None:
        """
        Steps, ranges, lists, names, the last day, the nearest weekday, the last and the n-th weekday.
        """
        assert times(expression, "UTC", "2025-06-01T00:00:00+00:00", 3) == expected

    @pytest.mark.parametrize(
        ("expression", "timezone"),
        [
            ("cron(0 20 * * * *)", "UTC"),
            ("cron(0 25 * * ? *)", "UTC"),
            ("cron(0 20 * * ?)", "UTC"),
            ("rate(5 minute)", "UTC"),
            ("rate(1 fortnight)", "UTC"),
            ("at(yesterday)", "UTC"),
            ("every day", "UTC"),
            ("cron(0 20 * * ? *)", "Berlin"),
        ],
    )
    def test_what_is_no_schedule_is_refused(self, expression: str, timezone: str) -> None:
        """
        A mistake in expression or time zone is a ValidationException.
        """
        with pytest.raises(ServiceError) as refused:
            read(expression, timezone)

        assert refused.value.code == "ValidationException"

    def test_start_and_end_bound_a_rate(self) -> None:
        """
        A rate begins at its start, and is not due after its end.
        """
        action = {"Schedule": "rate(10 minutes)", "CreationTime": 0.0, "StartTime": 6000.0, "EndTime": 7000.0}

        assert [next_due(action, now) for now in (100.0, 6000.0, 6601.0)] == [6000.0, 6600.0, None]
