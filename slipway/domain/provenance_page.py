"""The page of ``slipway why``: six questions with their answers, the graph, and what else is known."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from slipway.domain.answers import QUESTIONS
from slipway.domain.approval_sections import card
from slipway.domain.comparison import number
from slipway.domain.lineage_drawing import drawing
from slipway.domain.lineage_page import details_html, graph_card, listing_html, pairs_html, saved_page
from slipway.domain.web_table import Column, line, table

if TYPE_CHECKING:
    from slipway.domain.answers import Answer
    from slipway.domain.provenance import Provenance

_HINT: Final = (
    "From left to right: what led to what. Dashed: known by name only. Edges that follow from others are "
    "left out; hover over a node for its facts."
)
_MANY: Final = 8
"""Details that are shown in two columns."""
_WIDE: Final = ("data", "deployed")
"""Questions whose table needs the whole width."""


def provenance_page(provenance: Provenance, *, environment: str) -> str:
    """The whole page, for a file."""
    heading = f"Why {provenance.title}?"
    about = f"Project {provenance.project}" if provenance.project else "No project"
    status = f" &middot; {escape(provenance.status)}" if provenance.status else ""
    missing = "".join(f"<p>{escape(said)}</p>" for said in provenance.missing)
    body = (
        f'<main class="wrap"><div class="head"><h1>{escape(heading)}</h1>'
        f"<p>{escape(about)} &middot; release {escape(provenance.release_id)}{status}</p></div>"
        + (f'<div class="note warn" role="note">{missing}</div>' if missing else "")
        + "".join(map(_answer, provenance.answers))
        + _graph(provenance)
        + f'<div class="even">{_measured(provenance)}'
        + card("Verdict, approval and artifact", details_html(provenance.further), anchor="further")
        + f'</div><p class="foot">{escape(_command(provenance))}</p></main>'
    )
    return saved_page(title=f"{heading} - Slipway", environment=environment, body=body)


def _command(provenance: Provenance) -> str:
    if provenance.answer("data").facts.get("trained") and provenance.version:
        return f"slipway why {provenance.project}/{provenance.model}:{provenance.version}"
    return f"slipway why {provenance.release_id}"


def _answer(answer: Answer) -> str:
    place = list(QUESTIONS).index(answer.question) + 1
    listing = answer.listing
    many = listing is not None and answer.question in ("libraries", "parameters")
    shown = "" if listing is None else pairs_html(listing) if many else listing_html(listing)
    lines = (
        f"<div><h3>Its last lines</h3><pre>{escape(chr(10).join(answer.lines))}</pre></div>"
        if answer.lines
        else ""
    )
    details = answer.details
    half = len(details) if len(details) < _MANY or shown else (len(details) + 1) // 2
    parts = [details_html(details[:half]), details_html(details[half:]), lines, shown]
    parts = [part for part in parts if part]
    anchor = f"q-{answer.question}"
    tone = "" if answer.good else " bad"
    two = " two" if len(parts) > 1 and answer.question not in _WIDE else ""
    return (
        f'<section class="card answer{tone}" aria-labelledby="{anchor}"><h2 id="{anchor}">'
        f'<span class="number">{place}.</span> {escape(answer.asked)}</h2>'
        f'<p class="said">{escape(answer.said)}</p>'
        + (f'<div class="parts{two}">{"".join(parts)}</div>' if parts else "")
        + "</section>"
    )


def _graph(provenance: Provenance) -> str:
    if provenance.graph is None:
        return ""
    return graph_card("Lineage", _HINT, drawing(provenance.graph, label=f"Lineage of {provenance.title}"))


def _measured(provenance: Provenance) -> str:
    cards = _metrics(provenance) + _curves(provenance)
    return f"<div>{cards}</div>" if cards else ""


def _curves(provenance: Provenance) -> str:
    if not provenance.curves:
        return ""
    shown = "".join(
        f"<li><b>{escape(one.metric)}</b><span>{escape(one.said)}</span>{one.drawing}</li>"
        for one in provenance.curves
    )
    said = '<p class="explained">Each metric by its own scale, from the log of the training job.</p>'
    return card("While it trained", f'{said}<ul class="curves">{shown}</ul>', anchor="curves")


def _metrics(provenance: Provenance) -> str:
    if not provenance.metrics:
        return ""
    head = [Column("Metric", number=False), Column("Value")]
    body = [
        line(
            escape(row.label) + (f'<span class="aim">{escape(row.aim)}</span>' if row.aim else ""),
            [escape(number(row.challenger))],
            head,
            strong=row.primary,
        )
        for row in provenance.metrics
    ]
    return card("Metrics", table("On the evaluation data.", head, body), anchor="metrics")
