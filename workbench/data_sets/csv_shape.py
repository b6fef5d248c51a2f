"""Columns and rows of a CSV file, from all of its lines."""

from __future__ import annotations

import csv
import gzip
import itertools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MISSING: Final = frozenset({"", "NA", "NaN", "nan", "null", "NULL", "None"})
"""Say nothing of a column's type."""
BATCH: Final = 20_000
"""Rows looked at together: a column's repeated values are then looked at once."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?[Ii]nf", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_BOOLEAN: Final = re.compile(r"true|false|True|False|TRUE|FALSE")
_TYPES: Final = (
    ("boolean", _BOOLEAN),
    ("integer", _INTEGER),
    ("number", _NUMBER),
    ("date", _DATE),
    ("timestamp", _TIMESTAMP),
)
"""Narrow ones first; what fits none of them is text."""


def shape(file: Path) -> tuple[list[tuple[str, str]], int] | None:
    """The columns as (name, type), and the number of rows; None: the file is no CSV with a header."""
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, None)
            if not header or len(set(header)) < len(header):
                return None
            return _scan(header, reader)
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError):
        return None


def _scan(header: Sequence[str], lines: Iterable[Sequence[str]]) -> tuple[list[tuple[str, str]], int]:
    possible = [list(_TYPES) for _ in header]
    seen = [False] * len(header)
    rows = 0
    lines = iter(lines)
    while batch := list(itertools.islice(lines, BATCH)):
        batch = [line for line in batch if line]  # an empty line is no row
        rows += len(batch)
        for place, values in enumerate(zip(*batch, strict=False)):
            if place < len(header):
                given = set(values) - MISSING
                seen[place] = seen[place] or bool(given)
                possible[place] = [kind for kind in possible[place] if all(map(kind[1].fullmatch, given))]
    types = [kinds[0][0] if kinds and known else "text" for kinds, known in zip(possible, seen, strict=True)]
    return list(zip(header, types, strict=True)), rows
