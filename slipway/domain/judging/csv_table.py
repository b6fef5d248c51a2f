"""
Comma-separated bytes as columns of bytes, fast.

A file without quotes is cut by array operations at its commas and line ends; one with quotes is
read by the ``csv`` module. Both give the same table.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.refusal import RowsRefusal, rows_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.judging.arrays import Places, Texts

MAX_FIELD_BYTES: Final = 200
"""Of an id or a value: a column takes as many bytes per row as its longest value has."""
_AT_ONCE: Final = 65_536
"""Rows cut at a time: what lies between stays in the processor's cache."""
_COMMA, _LINE_END = ord(","), ord("\n")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """Columns in the order of the heading; every value as the bytes that were written."""

    columns: Mapping[str, Texts]


def read_table(content: bytes) -> CsvTable | RowsRefusal:
    """Cut a file with a heading into its columns."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    if not content.strip():
        return RowsRefusal("not-csv", "the file of predictions is empty")
    return _with_quotes(content) if b'"' in content else _plain(content)


def _heading(names: list[str]) -> RowsRefusal | None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return RowsRefusal("columns", f"the heading names {', '.join(map(repr, twice))} twice")
    return None


def _plain(content: bytes) -> CsvTable | RowsRefusal:
    if not content.endswith(b"\n"):
        content += b"\n"
    head, _, _ = content.partition(b"\n")
    names = head.decode("utf-8", "replace").split(",")
    refusal = _heading(names)
    if refusal:
        return refusal
    text = np.frombuffer(content, dtype=np.uint8)[len(head) + 1 :]
    ends = np.flatnonzero((text == _COMMA) | (text == _LINE_END))
    lines = np.flatnonzero(text[ends] == _LINE_END)
    wrong = np.flatnonzero(np.diff(lines, prepend=-1) != len(names))
    if len(wrong):
        return _ragged(len(wrong), len(names), int(wrong[0]) + 2)
    table = ends.reshape(-1, len(names))
    columns: dict[str, Texts] = {}
    for place, name in enumerate(names):
        before = (
            table[:, place - 1]
            if place
            else np.concatenate(([-1], table[:-1, -1]))[: len(table)].astype(np.intp)
        )
        column = _cut(text, before + 1, table[:, place], name)
        if isinstance(column, RowsRefusal):
            return column
        columns[name] = column
    return CsvTable(columns)


def _cut(
    text: np.ndarray[tuple[int], np.dtype[np.uint8]], starts: Places, ends: Places, name: str
) -> Texts | RowsRefusal:
    lengths = ends - starts
    width = max(1, int(lengths.max(initial=0)))
    if width > MAX_FIELD_BYTES:
        return _too_long(int(np.count_nonzero(lengths > MAX_FIELD_BYTES)), name)
    padded = np.concatenate((text, np.zeros(width, dtype=np.uint8)))
    cells = np.empty((len(starts), width), dtype=np.uint8)
    steps = np.arange(width)
    for begin in range(0, len(starts), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        part = padded[starts[some, None] + steps]
        part[steps >= lengths[some, None]] = 0
        cells[some] = part
    column: Texts = cells.view(f"S{width}").reshape(-1)
    return column


def _with_quotes(content: bytes) -> CsvTable | RowsRefusal:
    try:
        lines = list(
            csv.reader(io.StringIO(content.decode("utf-8", "surrogateescape"), newline=""), strict=True)
        )
    except csv.Error as error:
        return RowsRefusal("not-csv", f"the file of predictions is not CSV: {error}")
    names, body = lines[0], lines[1:]
    refusal = _heading(names)
    if refusal:
        return refusal
    wrong = [number for number, line in enumerate(body) if len(line) != len(names)]
    if wrong:
        return _ragged(len(wrong), len(names), wrong[0] + 2)
    columns: dict[str, Texts] = {}
    for place, name in enumerate(names):
        values = [line[place].encode("utf-8", "surrogateescape") for line in body]
        long = sum(len(value) > MAX_FIELD_BYTES for value in values)
        if long:
            return _too_long(long, name)
        columns[name] = np.array(values, dtype=np.bytes_)
    return CsvTable(columns)


def _ragged(count: int, wanted: int, line: int) -> RowsRefusal:
    return RowsRefusal(
        "not-csv",
        f"{rows_in_words(count)} without the {wanted} fields of the heading, the first in line {line:,}",
        count,
    )


def _too_long(count: int, name: str) -> RowsRefusal:
    return RowsRefusal(
        "not-csv", f"{name} has more than {MAX_FIELD_BYTES} bytes in {rows_in_words(count)}", count
    )
