"""The frame of pages that are written to a file: no script, nothing from elsewhere, good on paper."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from slipway.domain.approval_sections import card, code, facts
from slipway.domain.lineage_style import GRAPH_STYLE
from slipway.domain.web_page import document
from slipway.domain.web_table import Column, line, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.domain.answers import Listing

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
)
"""Says to the browser what a test checks as well: the page asks nobody for anything."""

PAGE_STYLE: Final = """\
.answer p.said{margin:0;font-size:1.0625rem;overflow-wrap:anywhere}
.answer.bad{border-left:5px solid var(--bad)}
.parts{display:grid;gap:1rem 2rem;grid-template-columns:minmax(0,1fr);align-items:start;margin-top:.9rem}
.number{display:inline-block;min-width:1.6rem;color:var(--soft);font-variant-numeric:tabular-nums}
pre{margin:.3rem 0 0;padding:.7rem .9rem;background:var(--tint);border-radius:8px;font:12.5px/1.5
ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;white-space:pre-wrap;
overflow-wrap:anywhere}
.pairs{list-style:none;margin:0;padding:0;columns:12.5rem;column-gap:1.5rem;font-size:.875rem}
.pairs li{display:flex;justify-content:space-between;gap:.75rem;border-bottom:1px solid var(--line);
padding:.2rem 0;break-inside:avoid}
.pairs b{font-weight:500;overflow-wrap:anywhere}
.pairs span{color:var(--soft);font-variant-numeric:tabular-nums}
.curves{list-style:none;margin:0;padding:0;font-size:.875rem}
.curves li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem .75rem;padding:.35rem 0;
border-bottom:1px solid var(--line);break-inside:avoid}
.curves b{font-weight:500;overflow-wrap:anywhere}
.curves span{color:var(--soft);font-variant-numeric:tabular-nums}
.curve{flex-basis:100%;width:100%;height:2.75rem}
.curve polyline{fill:none;stroke:var(--g-run);stroke-width:1.6;stroke-linejoin:round;
vector-effect:non-scaling-stroke}
.explained{color:var(--soft);font-size:.875rem;margin:0 0 .6rem}
.even{display:grid;gap:0 1.25rem;grid-template-columns:minmax(0,1fr);align-items:start}
@media (max-width:719px){.tall tbody tr{display:grid;grid-template-columns:minmax(0,1fr)}
.tall tbody th{grid-column:1}
.tall tbody td{display:block}.tall td::before,.tall td.n::before{content:attr(data-label) " ";display:inline;
font-size:.8125rem;color:var(--soft)}.tall td,.tall td[data-label=digest]{grid-column:1}}
@media (min-width:560px){.parts .facts{grid-template-columns:9.5rem minmax(0,1fr)}}
@media (min-width:1100px){.parts.two{grid-template-columns:repeat(2,minmax(0,1fr))}
.even{grid-template-columns:repeat(2,minmax(0,1fr))}.scrolls{display:none}}
@media print{body{font-size:9.5pt}.wrap{padding-top:.5rem;padding-bottom:0}.card{padding:.6rem .8rem}
.parts.two{grid-template-columns:repeat(2,minmax(0,1fr))}.even{display:block}
.card .facts{grid-template-columns:6.5rem minmax(0,1fr)}
.facts dt,.facts dd{padding:.15rem 0!important;font-size:.8125rem!important}.said{break-after:avoid}
pre{border:1px solid var(--line)}.explained{display:none}
.card{margin-bottom:.5rem}}
@page{size:A4;margin:14mm}
"""


def saved_page(*, title: str, environment: str, body: str) -> str:
    """
    A whole HTML document for a file.

    Args:
        title: Plain text.
        environment: Plain text for the bar's tag.
        body: HTML whose parts are escaped already.
    """
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    return document(
        title=title,
        environment=environment,
        body=body,
        head=f"{policy}<style>{GRAPH_STYLE}{PAGE_STYLE}</style>",
    )


def graph_card(heading: str, hint: str, svg: str) -> str:
    """The card that holds a drawing."""
    said = f'<p class="explained">{escape(hint)}<span class="scrolls"> It scrolls sideways.</span></p>'
    return card(heading, said + svg, anchor="graph")


def listing_html(listing: Listing, caption: str = "") -> str:
    """A listing as a table; its first column heads the rows."""
    head = [
        Column(name, number=place in listing.numbers and place > 0)
        for place, name in enumerate(listing.heads)
    ]
    body = [line(escape(first), [_cell(cell) for cell in cells], head) for first, *cells in listing.rows]
    return f'<div class="tall">{table(caption, head, body)}</div>'


def _cell(text: str) -> str:
    return code(text) if text.startswith(("sha256:", "arn:", "s3://")) else escape(text)


def pairs_html(listing: Listing) -> str:
    """A listing of many short pairs, in as many columns as there is room for."""
    entries = "".join(
        f"<li><b>{escape(name)}</b><span>{escape(value)}</span></li>" for name, value in listing.rows
    )
    return f'<ul class="pairs">{entries}</ul>'


def details_html(details: Iterable[tuple[str, str]]) -> str:
    """Terms with plain text; what is for machines in their type, what has lines with its lines."""
    shown = [(term, _detail(text)) for term, text in details]
    return facts(shown) if shown else ""


def _detail(text: str) -> str:
    if "\n" in text:
        return f"<pre>{escape(text)}</pre>"
    machine = text.startswith(("sha256:", "arn:", "s3://", "/aws/")) or (
        len(text) > _LONG and " " not in text
    )
    return code(text) if machine else escape(text)


_LONG: Final = 30
