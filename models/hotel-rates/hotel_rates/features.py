"""From what is known of a booking when it is made to the numbers and categories that the model sees."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from slipway_container.codecs import InvalidRequestError

from hotel_rates.columns import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAD_TIME = AMOUNTS.index("lead_time")
_HISTORICAL_ADR = AMOUNTS.index("historical_adr")
_DATE = len(AMOUNTS)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def features(row: Sequence[object]) -> tuple[list[float], list[str]]:
    """
    The numbers (in the order of NUMBERS) and categories (GROUPS) of one row (COLUMNS).

    Training and serving both call this, so they cannot differ. Raises InvalidRequestError.
    """
    try:
        numbers = [float(value) for value in row[:_DATE]]
        numbers.append(math.log1p(numbers[_LEAD_TIME]))
        numbers.append(math.log(numbers[_HISTORICAL_ADR]))
        groups = [str(value) for value in row[_DATE + 1 :]]
        groups.append(_WEEKDAYS[date.fromisoformat(row[_DATE]).weekday()])
    except (ValueError, TypeError, OverflowError):
        raise _invalid(row) from None
    return numbers, groups


def _invalid(row: Sequence[object]) -> InvalidRequestError:
    """Find out which value it was: only now, for the good rows need not pay for it."""
    for name, value in zip(AMOUNTS, row, strict=False):
        try:
            number = float(value)
        except (ValueError, TypeError):
            return InvalidRequestError(f"{name} is {value!r}, which is no number")
        if (name == "lead_time" and number < 0) or (name == "historical_adr" and number <= 0):
            return InvalidRequestError(f"{name} is {value!r}, which is too low")
    return InvalidRequestError(f"arrival_date is {row[_DATE]!r}, which is no date of the form yyyy-mm-dd")
