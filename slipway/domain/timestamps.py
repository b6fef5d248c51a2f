"""Times as the ledger and the events write them."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """
    ISO 8601 in UTC with milliseconds, so that text order is time order.

    >>> timestamp(datetime(2026, 11, 22, 3, 4, 5, 6789, UTC))
    '2026-11-22T03:04:05.006Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """
    The inverse.

    >>> moment_of('2026-11-22T03:04:05.006Z').microsecond
    6000
    """
    return datetime.fromisoformat(text)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
