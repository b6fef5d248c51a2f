"""Idle endpoints are warned of, then stopped; whoever calls one keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.idleness import DAY, Idleness, idleness

if TYPE_CHECKING:
    from slipway.contracts.idle import IdleRule

MADE = datetime(2026, 11, 1, tzinfo=UTC)
STOP: IdleRule = {"days": 14, "warn_days": 3, "action": "stop"}


def after(days: float, *, called: float | None = None, warned: float | None = None, rule=STOP) -> Idleness:
    """Idleness so many days after the endpoint was made."""
    return idleness(
        rule,
        changed_at=MADE,
        called_at=None if called is None else MADE + called * DAY,
        warned_at=None if warned is None else MADE + warned * DAY,
        now=MADE + days * DAY,
    )


class TestIdleness:
    def test_an_endpoint_that_is_called_is_kept(self):
        """
        A call within the rule's days starts the count anew.
        """
        assert after(20, called=19) == Idleness("keep", MADE + 19 * DAY, MADE + 33 * DAY)

    def test_its_people_are_warned_before_its_end(self):
        """
        The warning comes ``warn_days`` before the end and names it.
        """
        assert after(10.9).step == "keep"
        assert after(11) == Idleness("warn", MADE, MADE + 14 * DAY)

    def test_it_is_stopped_when_the_warned_time_is_over(self):
        """
        Not a moment before what the warning said.
        """
        assert after(13.9, warned=11).step == "keep"
        assert after(14, warned=11).step == "stop"

    def test_a_late_warning_puts_the_end_off(self):
        """
        One that was idle for long when the rule came gets its full time to be called.
        """
        assert after(40) == Idleness("warn", MADE, MADE + 43 * DAY)
        assert after(42, warned=40).step == "keep"
        assert after(43, warned=40).step == "stop"

    def test_a_call_after_the_warning_undoes_it(self):
        """
        The next end needs a warning of its own.
        """
        assert after(14, warned=11, called=12).step == "keep"
        assert after(23, warned=11, called=12).step == "warn"

    def test_where_people_are_only_told_nothing_is_stopped(self):
        """
        They are told once, and not again until somebody called.
        """
        rule: IdleRule = STOP | {"action": "tell"}
        assert after(20, rule=rule) == Idleness("warn", MADE, None)
        assert after(400, warned=20, rule=rule).step == "keep"

    def test_without_a_rule_nothing_is_idle(self):
        """
        Zero days switch it off.
        """
        assert after(4000, rule=STOP | {"days": 0}).step == "keep"

    @given(
        calls=st.lists(st.floats(0, 60, allow_nan=False), max_size=6),
        days=st.integers(1, 20),
        warn=st.integers(0, 5),
    )
    def test_looked_at_every_hour_it_is_never_stopped_unwarned_or_soon_after_a_call(self, calls, days, warn):
        """
        From every stop, the last call lies ``days`` back and the warning ``warn_days``.
        """
        rule: IdleRule = {"days": days, "warn_days": warn, "action": "stop"}
        moments = sorted(MADE + timedelta(days=call) for call in calls)
        warned_at = None
        for hour in range(24 * 90):
            now = MADE + timedelta(hours=hour)
            called = max((call for call in moments if call <= now), default=None)
            found = idleness(rule, changed_at=MADE, called_at=called, warned_at=warned_at, now=now)
            if found.step == "warn":
                assert warned_at is None or (called is not None and called >= warned_at)
                warned_at = now
            if found.step == "stop":
                assert warned_at is not None
                assert now - warned_at >= warn * DAY
                assert now - max([MADE, *([called] if called else [])]) >= days * DAY
                return
        raise AssertionError("it was never stopped")
