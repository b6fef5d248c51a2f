"""Plain ASCII for e-mail: SNS sends subjects as ASCII only, and old readers break on anything else."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SUBJECT: Final = 99
"""Characters; SNS refuses 100 and more."""

_SPELLED: Final = str.maketrans(
    {
        "\N{EURO SIGN}": "EUR",
        "\N{POUND SIGN}": "GBP",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{MIDDLE DOT}": "-",
        "\N{LATIN SMALL LETTER SHARP S}": "ss",
        "\N{LATIN SMALL LETTER AE}": "ae",
        "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
    }
)


def ascii_text(text: str) -> str:
    """
    Text in ASCII: accents dropped, common signs spelled out, everything else a question mark.

    Line feeds stay; every other control character becomes a space.

    >>> ascii_text("Zoë says: 31 € ≤ 40")
    'Zoe says: 31 EUR <= 40'
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    kept = (sign for sign in decomposed.translate(_SPELLED) if not unicodedata.combining(sign))
    return "".join(_ascii_sign(sign) for sign in kept)


def _ascii_sign(sign: str) -> str:
    if sign == "\n" or " " <= sign <= "~":
        return sign
    return " " if unicodedata.category(sign) in {"Cc", "Zs", "Zl", "Zp"} else "?"


def one_line(text: str, limit: int) -> str:
    r"""
    ASCII on one line, of at most ``limit`` characters; what was cut off shows as three dots.

    >>> one_line("a long\nreason to say no", 12)
    'a long re...'
    """
    line = " ".join(ascii_text(text).split())
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."


def subject(text: str) -> str:
    """A subject that SNS takes: ASCII, no control characters, shorter than 100, never empty."""
    return one_line(text, MAX_SUBJECT) or "Slipway"


def columns(rows: Iterable[Sequence[str]], *, indent: str = "  ", gap: str = "  ") -> list[str]:
    """
    Rows as lines whose columns stand under each other; the first is flush left, the others right.

    >>> columns([["mae", "31.2"], ["rmse", "4"]])
    ['  mae   31.2', '  rmse     4']
    """
    table = [[ascii_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    lines = []
    for row in table:
        first = row[0].ljust(widths[0])
        others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append((indent + gap.join([first, *others])).rstrip())
    return lines
