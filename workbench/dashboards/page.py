"""A model's dashboard as one HTML file without any script or outside resource."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.web_page import document
from workbench.dashboards.drawing import draw, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from workbench.dashboards.series import Chart, Series

STYLE: Final = """\
main.board{max-width:1320px;margin:0 auto;padding:1rem}
.board .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr));gap:1rem}
.board .card{margin:0 0 1rem;padding:1rem 1.1rem;min-width:0}
.board .grid .card{margin:0}
.board h1{margin:0 0 .5rem;overflow-wrap:anywhere}
.board h2{font-size:.95rem;margin:0 0 .25rem}
.board .table{overflow-x:auto}
.board table{display:table;width:auto}
.board thead{display:table-header-group;position:static;clip-path:none}
.board tbody{display:table-row-group}
.board tbody tr,.board tr{display:table-row}
.board tbody td,.board th{display:table-cell;padding:.35rem .8rem .35rem 0!important;white-space:nowrap;
border-bottom:1px solid var(--line)}
@media (max-width:559px){.board .table tr{display:grid;grid-template-columns:3.9rem 5rem 3rem 1fr;
gap:0;padding:0;font-size:.875rem}
.board tbody td,.board th{min-width:0;border-bottom:0;padding-right:.4rem!important}
.board .table tr{border-bottom:1px solid var(--line)}
.board .table tr>:nth-child(5){grid-column:1/-1;white-space:normal;padding-top:0!important}}
.board svg{display:block;width:100%;height:auto;font:10.5px system-ui,-apple-system,"Segoe UI",sans-serif}
.c-grid{stroke:var(--line);stroke-width:1}
.c-y{text-anchor:end;fill:var(--soft)}
.c-x{text-anchor:middle;fill:var(--soft)}
.c-none{text-anchor:middle;fill:var(--soft);font-size:12px}
.c-mark line{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 3;opacity:.65}
.c-mark text{fill:var(--ink);font-size:10px}
.keys{display:flex;flex-wrap:wrap;gap:.15rem .9rem;margin:.3rem 0 0;padding:0;list-style:none;font-size:.8rem}
.keys li{display:flex;align-items:baseline;gap:.35rem;overflow-wrap:anywhere}
.keys i{flex:none;width:.7rem;height:.7rem;border-radius:2px}
.keys b{font-variant-numeric:tabular-nums}
.alarms{display:flex;flex-wrap:wrap;gap:.4rem 1rem;margin:0;padding:0;list-style:none}
.alarms .ok::before{content:"\\2713\\00a0";color:var(--good)}
.alarms .bad::before{content:"\\25B2\\00a0";color:var(--bad)}
.alarms .bad{color:var(--bad);font-weight:600}
.alarms .unknown::before{content:"\\2013\\00a0";color:var(--soft)}
"""
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_BOLD: Final = re.compile(r"\*\*([^*]+)\*\*")
_CODE: Final = re.compile(r"`([^`]+)`")


def page(
    body: Mapping[str, Any],
    charts: Sequence[Chart],
    alarms: Mapping[str, str],
    *,
    environment: str,
    since: datetime,
    until: datetime,
) -> str:
    """
    The whole document.

    Args:
        body: The dashboard's, for its text.
        charts: With their numbers.
        alarms: Name to state.
        environment: For the bar's tag.
        since: The first moment to show.
        until: The last.
    """
    text = next(one["properties"]["markdown"] for one in body["widgets"] if one["type"] == "text")
    title = text.partition("\n")[0].removeprefix("# ")
    shown = f"{since:%d %b %H:%M} to {until:%d %b %H:%M} UTC"
    rings = f'<section class="card"><h2>Alarms</h2>{_alarms(alarms)}</section>' if alarms else ""
    words = f'<section class="card">{markdown(text)}<p class="soft">{shown}</p></section>'
    pictures = "".join(_card(chart, since=since, until=until) for chart in charts)
    return document(
        title=f"{title} - Slipway",
        environment=environment,
        body=f'<main class="board">{words}{rings}<div class="grid">{pictures}</div></main>',
        head=f"<style>{STYLE}</style>",
    )


def _alarms(alarms: Mapping[str, str]) -> str:
    kinds = {"OK": "ok", "ALARM": "bad"}
    items = "".join(
        f'<li class="{kinds.get(state, "unknown")}">{escape(name.split("/", 2)[-1])}: '
        f"{escape(state.replace('_', ' ').lower())}</li>"
        for name, state in alarms.items()
    )
    return f'<ul class="alarms">{items}</ul>'


def _card(chart: Chart, *, since: datetime, until: datetime) -> str:
    unit = f", {chart.unit}" if chart.unit else ""
    keys = "".join(_key(one, since) for one in chart.series)
    return (
        f'<section class="card"><h2>{escape(chart.title)}{unit}</h2>'
        f'{draw(chart, since=since, until=until)}<ul class="keys">{keys}</ul></section>'
    )


def _key(series: Series, since: datetime) -> str:
    """A series with its last value."""
    last = next((value for at, value in reversed(series.points) if at >= since), None)
    value = "" if last is None else f" <b>{short(last)}</b>"
    return f'<li><i style="background:{series.color}"></i><span>{escape(series.label)}{value}</span></li>'


def markdown(text: str) -> str:
    r"""
    HTML of what dashboards' texts use: one heading, paragraphs, a table, links, bold and code.

    >>> markdown("# A\n\nb **c** `d`")
    '<h1>A</h1><p>b <strong>c</strong> <code>d</code></p>'
    """
    parts, rows = [], []
    for line in [*text.split("\n"), ""]:
        if " | " in line or "---|" in line:
            rows.append([cell.strip() for cell in line.split("|")])
            continue
        if rows:
            parts.append(_table(rows))
            rows = []
        if line.startswith("# "):
            parts.append(f"<h1>{_inline(line[2:])}</h1>")
        elif line:
            parts.append(f"<p>{_inline(line)}</p>")
    return "".join(parts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, _, *body = rows
    titles = "".join(f"<th>{_inline(cell)}</th>" for cell in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in body)
    table = f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<div class="table">{table}</div>'


def _inline(text: str) -> str:
    html = escape(text)
    html = _LINK.sub(r'<a href="\2" rel="noreferrer">\1</a>', html)
    return _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<strong>\1</strong>", html))
