"""
Whether people were told of what the ledger holds: first it is recorded, then told, then that is noted.

What was recorded and not told is told by the next who comes upon it. So nothing is lost when the event bus
takes no event for a while; only what is told and not noted (its teller died between the two) is told twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Told = Literal["told", "being told", "not told"]

TELLING: Final = timedelta(seconds=30)
"""As long, who recorded something may need to tell of it. Lambda's first retry comes after a minute."""


def told_of(record: Mapping[str, Any], moment: str, now: datetime) -> Told:
    """
    Whether people heard of what happened to a release or promotion at ``moment``.

    >>> failed, later = "2026-11-22T03:00:00.000Z", moment_of("2026-11-22T09:00Z")
    >>> told_of({"told_at": failed}, failed, later), told_of({}, failed, later)
    ('told', 'not told')
    """
    if record.get("told_at", "") >= moment:
        return "told"
    return "being told" if now - moment_of(moment) < TELLING else "not told"
