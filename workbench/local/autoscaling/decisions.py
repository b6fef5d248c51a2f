"""How many instances a policy wants, given what its alarm saw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUNDING: Final = 1e-9
_PERCENT: Final = 100


def clamped(count: int, least: int, most: int) -> int:
    """
    The number nearest to ``count`` within the limits.

    >>> clamped(7, 1, 4), clamped(0, 1, 4)
    (4, 1)
    """
    return max(least, min(count, most))


def tracked(current: int, value: float, target: float) -> int:
    """
    So many instances that each has its target's share of what there is now.

    Args:
        current: Instances over which ``value`` was measured; none counts as one.
        value: The metric, for each instance.
        target: What it is to be.

    >>> tracked(2, 150.0, 100.0), tracked(4, 20.0, 100.0), tracked(0, 7.0, 5.0)
    (3, 1, 2)
    """
    return math.ceil(max(current, 1) * value / target - _ROUNDING)


def stepped(current: int, breach: float, configuration: Mapping[str, Any]) -> int | None:
    """
    What a step scaling policy makes of ``current``; None when no step is for this breach.

    Args:
        current: Instances now.
        breach: The metric less the alarm's threshold.
        configuration: As PutScalingPolicy takes it.

    >>> up = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [
    ...     {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    ...     {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3}]}
    >>> stepped(2, 4.0, up), stepped(2, 10.0, up), stepped(2, -1.0, up)
    (3, 5, None)
    """
    step = next(
        (one for one in configuration["StepAdjustments"] if _within(breach, one)),
        None,
    )
    if step is None:
        return None
    adjustment = int(step["ScalingAdjustment"])
    kind = configuration["AdjustmentType"]
    if kind == "ExactCapacity":
        return adjustment
    change = adjustment
    if kind == "PercentChangeInCapacity":
        change = _percent(current, adjustment, int(configuration.get("MinAdjustmentMagnitude", 0)))
    return max(current + change, 0)


def _within(breach: float, step: Mapping[str, Any]) -> bool:
    """A bound nearer to the threshold belongs to the step, the farther one to the next."""
    low = step.get("MetricIntervalLowerBound", -math.inf)
    high = step.get("MetricIntervalUpperBound", math.inf)
    return bool(low <= breach < high if breach >= 0 else low < breach <= high)


def _percent(current: int, adjustment: int, least: int) -> int:
    """Rounded towards zero, but never to nothing; at least ``least`` either way."""
    exact = current * adjustment / _PERCENT
    size = max(math.floor(abs(exact)), 1 if exact else 0, least if adjustment else 0)
    return size if adjustment > 0 else -size
