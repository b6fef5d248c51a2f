"""How often a trial is looked at: soon at first, rarely when it is old, and never too often in all."""

from __future__ import annotations

from typing import Final

GROWTH: Final = 8
"""One waits an eighth of the time that the trial has taken: looks become rare as it grows old."""
LONGEST_WAIT_SECONDS: Final = 900
"""Of a trial of less than about three weeks."""
MOST_CALLS: Final = 2000
"""
Of ``judge_trial`` by one execution. Step Functions ends an execution with its 25,000th event, and a call with
its wait is nine of them: 7,000 are left for calls that are tried again, and for what comes before and after.
"""


def pause_seconds(*, age: float, left: float, calls: int, poll: float) -> float:
    """
    How long to wait for the next look.

    Args:
        age: Seconds that the trial has taken.
        left: Seconds until it is over.
        calls: How many looks were asked for.
        poll: As short as a wait may be, in seconds.

    >>> [pause_seconds(age=age, left=86400 - age, calls=9, poll=60) for age in (0, 3600, 43200)]
    [60.0, 450.0, 900.0]
    >>> round(pause_seconds(age=86400, left=89 * 86400, calls=40, poll=60))
    3923
    """
    longest = max(LONGEST_WAIT_SECONDS, left / max(MOST_CALLS - calls, 1))
    return float(max(poll, min(age / GROWTH, longest, max(left, poll))))


def is_spent(calls: int) -> bool:
    """Whether no further look may be asked for."""
    return calls >= MOST_CALLS
