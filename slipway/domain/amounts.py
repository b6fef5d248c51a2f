"""Money, time and moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def usd(amount: float | None) -> str:
    """
    An amount with as many digits as say something.

    >>> usd(83.95), usd(1.5), usd(0.0149), usd(0.00001), usd(None)
    ('84 USD', '1.50 USD', '0.015 USD', 'under 0.001 USD', 'not known')
    """
    if amount is None:
        return "not known"
    if amount < 0.001:  # noqa: PLR2004 - a tenth of a cent: below, digits say nothing
        return "under 0.001 USD"
    decimals = 3 if amount < 1 else 2 if amount < 10 else 0  # noqa: PLR2004 - orders of magnitude
    return f"{amount:,.{decimals}f} USD"


def about_usd(amount: object, every: str = "") -> str:
    """
    An estimate in words.

    >>> about_usd(83.95, " a month"), about_usd(0.0001), about_usd(None)
    ('about 84 USD a month', 'under 0.001 USD', 'an unknown amount')
    """
    if not isinstance(amount, int | float):
        return "an unknown amount"
    text = usd(float(amount))
    return f"{text}{every}" if text.startswith("under") else f"about {text}{every}"


def took(seconds: object, billed: object = None) -> str:
    """
    How long something took, and what of it is billed where that is another time; empty if not known.

    >>> took(124.0, 97.0), took(3.0, 3.0), took(None)
    ('2 min 4 s (97 s billed)', '3.0 s', '')
    """
    if not isinstance(seconds, int | float):
        return ""
    whole = duration(float(seconds))
    part = duration(float(billed)) if isinstance(billed, int | float) else whole
    return whole if part == whole else f"{whole} ({part} billed)"


def sentence(text: str) -> str:
    """
    Text that begins like a sentence.

    >>> sentence("accepted: mae is 31.2")
    'Accepted: mae is 31.2'
    """
    return text[:1].upper() + text[1:]


def duration(seconds: float | None) -> str:
    """
    A span of time.

    >>> duration(0.42), duration(41.4), duration(3725), duration(None)
    ('0.4 s', '41 s', '1 h 2 min', '-')
    """
    if seconds is None:
        return "-"
    if seconds < 10:  # noqa: PLR2004 - under ten seconds a tenth says something
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:  # noqa: PLR2004 - two minutes
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - minutes of an hour
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def day_and_time(moment: str | float) -> str:
    """
    A moment from ISO 8601 or seconds since 1970; text that is neither stays as it is.

    >>> day_and_time("2026-11-22T14:03:11.000Z"), day_and_time(1795356191)
    ('2026-11-22 14:03 UTC', '2026-11-22 14:03 UTC')
    """
    if not isinstance(moment, str):
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{(when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
