"""The report's slices: the primary metric in each part of the evaluation data, beside the champion's."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.approval_sections import chip
from slipway.domain.comparison import MetricRow, number
from slipway.domain.web_table import Column, line, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.evidence import Evidence

MAX_VALUES: Final = 12
"""Slices shown per column, those with the most rows."""
_HALF_WIDTH: Final = 42


def slice_tables(evidence: Evidence) -> str:
    """One table per column, the largest slices first."""
    slices = evidence.side("challenger").get("slices") or {}
    theirs = evidence.side("champion").get("slices") or {}
    rows = evidence.rows()
    if not rows:
        return ""
    return "".join(
        _table(column, values, theirs.get(column) or {}, rows[0])
        for column, values in slices.items()
        if any(rows[0].metric in measured for measured in values.values())
    )


def _table(column: str, values: Mapping[str, Any], champion: Mapping[str, Any], primary: MetricRow) -> str:
    by_rows = sorted(values, key=lambda value: -float(values[value].get("rows") or 0))
    shown = by_rows[:MAX_VALUES]
    rows = [
        MetricRow(
            metric=primary.metric,
            challenger=values[value].get(primary.metric),
            champion=(champion.get(value) or {}).get(primary.metric),
            direction=primary.direction,
            declared_unit=primary.declared_unit,
            primary=False,
        )
        for value in shown
    ]
    widest = max((abs(row.difference) for row in rows if row.difference), default=0.0)
    compared = any(row.champion is not None for row in rows)
    head = [Column(column, number=False), Column("Rows"), Column("Challenger")]
    head += _COMPARED if compared else []
    body = [
        line(
            escape(value),
            [
                escape(number(_count(values[value].get("rows")))),
                *map(escape, row.cells()[: 3 if compared else 1]),
                *([_bar(row, widest), chip(row)] if compared else []),
            ],
            head,
        )
        for value, row in zip(shown, rows, strict=True)
    ]
    left = len(by_rows) - len(shown)
    more = f"; the {left} smallest are left out" if left else ""
    return f"<h3>By {escape(column)}</h3>" + table(f"{primary.label}{more}", head, body)


_COMPARED: Final = [
    Column("Champion"),
    Column("Difference"),
    Column("", number=False, narrow=True),
    Column("", number=False),
]


def _count(rows: object) -> float | None:
    return float(rows) if isinstance(rows, int | float) else None


def _bar(row: MetricRow, widest: float) -> str:
    """The difference as a bar left or right of nought; the number and the word beside it say the same."""
    difference = row.difference
    if not difference or not widest:
        return ""
    length = max(2.0, _HALF_WIDTH * abs(difference) / widest)
    start = _HALF_WIDTH + 1 - (length if difference < 0 else 0)
    tint = {"better": " up", "worse": " down"}.get(row.effect, "")
    return (
        f'<svg width="{2 * _HALF_WIDTH + 2}" height="12" aria-hidden="true">'
        f'<rect class="delta{tint}" x="{start:.1f}" y="2" width="{length:.1f}" height="8" rx="1"/>'
        f'<path class="axis" d="M{_HALF_WIDTH + 1} 0v12"/></svg>'
    )
