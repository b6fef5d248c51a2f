"""From what is known of a flight hours ahead to the numbers and categories that the model sees."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from slipway_container.codecs import InvalidRequestError

from flight_delays.columns import AMOUNTS, CATEGORIES, CLOCK_TIMES, COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_TIME = 1 + len(CATEGORIES)
_FIRST_AMOUNT = _FIRST_TIME + len(CLOCK_TIMES)


def features(row: Sequence[object]) -> tuple[list[float], list[str]]:
    """
    The numbers (in the order of NUMBERS) and CATEGORIES of one row (COLUMNS); a missing amount is NaN.

    Training and serving both call this, so they cannot differ. Raises InvalidRequestError.
    """
    try:
        departure, arrival = int(row[_FIRST_TIME]), int(row[_FIRST_TIME + 1])
        numbers = [
            float(date.fromisoformat(row[0]).weekday()),
            float(departure // 100 * 60 + departure % 100),
            float(arrival // 100 * 60 + arrival % 100),
        ]
        numbers += [
            math.nan if value is None or value == "" else float(value) for value in row[_FIRST_AMOUNT:]
        ]
        return numbers, [str(value) for value in row[1:_FIRST_TIME]]
    except (ValueError, TypeError, OverflowError):
        raise _invalid(row) from None


def _invalid(row: Sequence[object]) -> InvalidRequestError:
    """Find out which value it was: only now, for the good rows need not pay for it."""
    for name, value in zip(COLUMNS, row, strict=False):
        if name in CLOCK_TIMES:
            try:
                int(value)
            except (ValueError, TypeError):
                return InvalidRequestError(f"{name} is {value!r}, which is no clock time of the form hhmm")
        elif name in AMOUNTS and value not in (None, ""):
            try:
                float(value)
            except (ValueError, TypeError):
                return InvalidRequestError(f"{name} is {value!r}, which is no number")
    return InvalidRequestError(f"date is {row[0]!r}, which is no date of the form yyyy-mm-dd")
