"""The slices that the platform compared row by row, those that may be the worst first."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.comparison import number
from slipway.domain.shapes import listed, mapping
from slipway.domain.web_table import Column, line, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.domain.evidence import Evidence

MAX_SHOWN: Final = 20
_NAMED: Final = 12
_HEAD: Final = [
    Column("Slice", number=False),
    Column("Rows"),
    Column("Challenger"),
    Column("Champion"),
    Column("Gain"),
    Column("Interval"),
    Column("", number=False),
]


def judged_slices(evidence: Evidence) -> str:
    """One table of all columns' slices, and which were too small; empty where none was compared."""
    slices: Sequence[Mapping[str, Any]] = listed(mapping(evidence.report.get("rows")).get("slices"))
    judged = sorted((one for one in slices if "upper" in one), key=lambda one: float(one["upper"]))
    if not judged:
        return ""
    metric = str(evidence.report.get("primary_metric", ""))
    caption = (
        f"{metric}; a gain above 0 is better. The intervals hold for all {len(judged)} slices together; the "
        "one whose gain may at best be the lowest comes first."
    )
    body = [_line(one) for one in judged[:MAX_SHOWN]]
    return table(caption, _HEAD, body) + _left_out(judged[MAX_SHOWN:], "Not shown") + _not_judged(slices)


def _line(one: Mapping[str, Any]) -> str:
    word = "worse" if one.get("worse") else "better" if float(one.get("lower", 0)) > 0 else "unclear"
    cells = [
        number(float(one.get("rows") or 0)),
        number(one.get("challenger")),
        number(one.get("champion")),
        number(one.get("gain"), signed=True),
        f"{number(one.get('lower'), signed=True)} to {number(one.get('upper'), signed=True)}",
    ]
    chip = "" if word == "unclear" else f'<span class="chip {word}">{word}</span>'
    return line(escape(f"{one['column']} {one['value']}"), [*map(escape, cells), chip], _HEAD)


def _not_judged(slices: Sequence[Mapping[str, Any]]) -> str:
    return _left_out([one for one in slices if "upper" not in one], "Too few rows to be judged")


def _left_out(slices: Sequence[Mapping[str, Any]], why: str) -> str:
    if not slices:
        return ""
    named = ", ".join(f"{one['column']} {one['value']}" for one in slices[:_NAMED])
    more = f" and {len(slices) - _NAMED:,} more" if len(slices) > _NAMED else ""
    return f'<p class="hint">{escape(f"{why}: {named}{more}.")}</p>'
