"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from slipway.domain.errors import SlipwayError
from slipway.domain.timestamps import timestamp


class InvalidMomentError(SlipwayError):
    """A text names no moment."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is no moment; write ISO 8601, such as 2026-11-01T12:00Z, or 2026-11-01 (00:00)"
        )
        self.text = text


def moment(text: str) -> str:
    """
    As the ledger writes it; without an offset it is UTC, a date is its beginning.

    >>> moment("2026-11-01"), moment("2026-11-01T12:00+01:00")
    ('2026-11-01T00:00:00.000Z', '2026-11-01T11:00:00.000Z')

    Raises:
        InvalidMomentError: It names none.
    """
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidMomentError(text) from None
    return timestamp(named if named.tzinfo else named.replace(tzinfo=UTC))
