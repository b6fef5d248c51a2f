"""When an endpoint that nobody calls is stopped: never without a warning, never while anybody calls it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from slipway.contracts.idle import IdleRule

Step = Literal["keep", "warn", "stop"]
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Idleness:
    """
    What is to be done about one endpoint.

    Attributes:
        step: ``keep``: it is called, or has not been idle for long enough; ``warn``: its people are to be
            told now; ``stop``: they were, and its time is over.
        idle_since: Its last call, or its last change where it was never called since.
        stops_at: When it is stopped unless somebody calls it; None: it is not.
    """

    step: Step
    idle_since: datetime
    stops_at: datetime | None


def idleness(
    rule: IdleRule,
    *,
    changed_at: datetime,
    called_at: datetime | None,
    warned_at: datetime | None,
    now: datetime,
) -> Idleness:
    """
    Compare an endpoint's last call with the rule.

    A warning counts only if nobody has called since. It is given ``warn_days`` before the end, and the end
    waits for it: an endpoint that was idle before the rule was made is warned first as well.

    >>> from datetime import UTC
    >>> rule: IdleRule = {"days": 14, "warn_days": 3, "action": "stop"}
    >>> made = datetime(2026, 11, 1, tzinfo=UTC)
    >>> idleness(rule, changed_at=made, called_at=None, warned_at=None, now=made + 11 * DAY).step
    'warn'
    >>> told = made + 11 * DAY
    >>> idleness(rule, changed_at=made, called_at=None, warned_at=told, now=made + 14 * DAY).step
    'stop'

    Args:
        rule: The environment's.
        changed_at: When what serves was put there.
        called_at: The last call that is known, to the hour; None: there was none within the rule's days.
        warned_at: When its people were last told.
        now: The present.
    """
    since = max(changed_at, called_at) if called_at is not None else changed_at
    if rule["days"] == 0:
        return Idleness("keep", since, None)
    warning = rule["warn_days"] * DAY
    warned = warned_at is not None and warned_at >= since
    due = since + rule["days"] * DAY
    if not warned:
        step: Step = "warn" if now >= due - warning else "keep"
        return Idleness(step, since, max(due, now + warning) if rule["action"] == "stop" else None)
    if rule["action"] == "tell" or warned_at is None:
        return Idleness("keep", since, None)
    stops_at = max(due, warned_at + warning)
    return Idleness("stop" if now >= stops_at else "keep", since, stops_at)
