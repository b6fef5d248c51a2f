"""When a schedule is due: at, rate and cron expressions of Application Auto Scaling."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench.local.autoscaling.targets import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UNITS: Final = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS: Final = tuple(calendar.month_abbr[number].upper() for number in range(1, 13))
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: Final = 6
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_FARTHEST_DAYS: Final = 366 * 5
_WEEK: Final = 7


class Schedule(Protocol):
    """Something that is due again and again, or once."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time later than ``moment`` (aware) at which it is due; None: never again."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """``at(yyyy-mm-ddThh:mm:ss)``."""

    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        return self.moment if self.moment > moment else None


@dataclass(frozen=True, slots=True)
class Rate:
    """``rate(value unit)``, counted from ``start``."""

    start: datetime
    seconds: int

    def next_after(self, moment: datetime) -> datetime | None:
        passed = max((moment - self.start).total_seconds(), -1.0)
        return self.start + timedelta(seconds=(passed // self.seconds + 1) * self.seconds)


@dataclass(frozen=True, slots=True)
class Cron:
    """``cron(minutes hours day-of-month month day-of-week year)`` in a time zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    is_day: Callable[[date], bool]
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        local = moment.astimezone(self.zone)
        for offset in range(_FARTHEST_DAYS):
            day = local.date() + timedelta(days=offset)
            if not self.is_day(day):
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                    if due.astimezone(UTC) > moment and self._exists(due):
                        return due.astimezone(UTC)
        return None

    def _exists(self, due: datetime) -> bool:
        """Not in the hour that the clocks leave out in spring."""
        return due.astimezone(UTC).astimezone(self.zone).replace(fold=0) == due


def read(expression: str, timezone: str = "UTC", start: datetime | None = None) -> Schedule:
    """
    Read a schedule.

    Args:
        expression: ``at(...)``, ``rate(...)`` or ``cron(...)``.
        timezone: IANA's name, for at and cron.
        start: Where a rate begins; now when None.

    Raises:
        ServiceError: ValidationException.

    >>> summer = datetime(2025, 6, 6, 20, tzinfo=UTC)
    >>> read("cron(0 20 ? * MON-FRI *)", "Europe/Berlin").next_after(summer).isoformat()
    '2025-06-09T18:00:00+00:00'
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refused(f"Timezone {timezone!r} is not known") from None
    form, inner = _parts(expression)
    try:
        if form == "at":
            return Once(datetime.fromisoformat(inner).replace(tzinfo=zone).astimezone(UTC))
        if form == "rate":
            value, unit = inner.split()
            seconds = int(value) * _UNITS[unit.removesuffix("s")]
            if seconds <= 0 or (int(value) == 1) == unit.endswith("s"):
                raise ValueError(inner)  # noqa: TRY301 - refused below like any other
            return Rate(start or datetime.now(UTC), seconds)
        return _cron(inner.split(), zone)
    except (ValueError, KeyError) as error:
        raise refused(f"Schedule {expression!r} is not valid: {error}") from error


def _parts(expression: str) -> tuple[str, str]:
    found = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression.strip())
    if found is None:
        raise refused(f"Schedule {expression!r} is none of at(...), rate(...), cron(...)")
    return found[1], found[2].strip()


def _cron(fields: Sequence[str], zone: ZoneInfo) -> Cron:
    if len(fields) != _FIELDS:
        raise ValueError(f"{len(fields)} fields where there must be {_FIELDS}")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise ValueError("one of day-of-month and day-of-week must be ?, the other one not")
    of_months = frozenset(_numbers(months, 1, 12, _MONTHS))
    of_years = frozenset(_numbers(years, _FIRST_YEAR, _LAST_YEAR))
    matches = _weekday_rule(weekdays) if days == "?" else _day_rule(days)

    def is_day(day: date) -> bool:
        return day.month in of_months and day.year in of_years and matches(day)

    return Cron(tuple(_numbers(minutes, 0, 59)), tuple(_numbers(hours, 0, 23)), is_day, zone)


def _numbers(field: str, least: int, most: int, names: Sequence[str] = ()) -> list[int]:
    """``*``, single values, lists, ranges and steps, in order."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first == "*":
            low, high = least, most
        else:
            low = _number(first, least, names)
            high = _number(last, least, names) if dash else (most if step else low)
        if not least <= low <= high <= most or int(step or 1) < 1:
            raise ValueError(f"{part!r} is not within {least} to {most}")
        found.update(range(low, high + 1, int(step or 1)))
    return sorted(found)


def _number(text: str, least: int, names: Sequence[str]) -> int:
    return names.index(text) + least if text in names else int(text)


def _last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _day_rule(field: str) -> Callable[[date], bool]:
    """Days of the month: also ``L``, the last one, and ``15W``, the weekday nearest to the 15th."""
    if field == "L":
        return lambda day: day.day == _last_of(day)
    if found := re.fullmatch(r"(\d{1,2}|L)W", field):
        return lambda day: day == _nearest_weekday(day, found[1])
    numbers = frozenset(_numbers(field, 1, 31))
    return lambda day: day.day in numbers


def _nearest_weekday(day: date, wanted: str) -> date:
    last = _last_of(day)
    aim = day.replace(day=last if wanted == "L" else min(int(wanted), last))
    saturday, sunday = 5, 6
    if aim.weekday() == saturday:
        return aim - timedelta(days=1) if aim.day > 1 else aim + timedelta(days=2)
    if aim.weekday() == sunday:
        return aim + timedelta(days=1) if aim.day < last else aim - timedelta(days=2)
    return aim


def _weekday_rule(field: str) -> Callable[[date], bool]:
    """Days of the week, 1 is Sunday: also ``6L``, the last Friday, and ``2#1``, the first Monday."""

    def number(day: date) -> int:
        return day.isoweekday() % _WEEK + 1

    if found := re.fullmatch(r"(\w+)#([1-5])", field):
        wanted, which = _number(found[1], 1, _WEEKDAYS), int(found[2])
        return lambda day: number(day) == wanted and (day.day - 1) // _WEEK + 1 == which
    if field == "L":
        return lambda day: number(day) == _WEEK
    if (found := re.fullmatch(r"(\w+)L", field)) and field not in _WEEKDAYS:
        wanted = _number(found[1], 1, _WEEKDAYS)
        return lambda day: number(day) == wanted and day.day + _WEEK > _last_of(day)
    numbers = frozenset(_numbers(field, 1, _WEEK, _WEEKDAYS))
    return lambda day: number(day) in numbers
