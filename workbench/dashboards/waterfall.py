"""A trace as one HTML file: a bar for each span, from its beginning to its end."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from slipway.domain.web_page import document

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.domain.telemetry.spans import Span, Trace

STYLE: Final = """\
main.fall{max-width:1180px;margin:0 auto;padding:1rem}
.fall h1{margin-bottom:.4rem}
.fall ol{list-style:none;margin:0;padding:0;font-size:.875rem}
.fall li{display:grid;grid-template-columns:minmax(0,16rem) minmax(0,1fr) 6.5rem;gap:.75rem;
align-items:center;padding:.28rem 0;border-bottom:1px solid var(--line)}
.fall li:last-child{border-bottom:0}
.fall .name{overflow-wrap:anywhere}
.fall .track{position:relative;height:1rem;background:var(--tint);border-radius:4px}
.fall .track i{position:absolute;top:0;bottom:0;min-width:2px;border-radius:4px;background:var(--accent)}
.fall .waits i{background:repeating-linear-gradient(45deg,var(--soft) 0 4px,transparent 4px 8px)}
.fall .error i{background:var(--bad)}
.fall .error .name{color:var(--bad);font-weight:600}
.fall .took{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.fall .said{grid-column:1/-1;color:var(--bad);overflow-wrap:anywhere}
@media (max-width:640px){.fall li{grid-template-columns:minmax(0,1fr) auto}
.fall .track{grid-column:1/-1;grid-row:2}}
"""
WAITS: Final = ("RequestApproval",)
"""Steps in which nothing is computed: a person is waited for."""


def waterfall(traced: Trace, *, environment: str, now: datetime) -> str:
    """
    The whole document.

    Args:
        traced: The spans; those that have not ended go on until ``now``.
        environment: For the bar's tag.
        now: The last moment where the trace has not ended.
    """
    root = traced.root
    until = root.end or now
    whole = max((until - root.start).total_seconds(), 1e-3)
    rows = "".join(_row(traced, span, until, whole) for span in traced.spans)
    facts = " · ".join(
        escape(f"{key.removeprefix('slipway.')} {value}")
        for key, value in root.attributes.items()
        if key in ("slipway.version", "slipway.release.id", "slipway.release.status", "slipway.release.cause")
    )
    began = f"{root.start:%d %b %Y %H:%M:%S} UTC"
    return document(
        title=f"{root.name} - Slipway",
        environment=environment,
        body=f'<main class="fall"><section class="card"><h1>{escape(root.name)}</h1>'
        f'<p>{facts}</p><p class="soft small">began {began} · trace <code>{traced.trace_id}</code></p>'
        f"<ol>{rows}</ol></section></main>",
        head=f"<style>{STYLE}</style>",
    )


def _row(traced: Trace, span: Span, until: datetime, whole: float) -> str:
    start = (span.start - traced.root.start).total_seconds()
    seconds = ((span.end or until) - span.start).total_seconds()
    left, width = 100 * start / whole, 100 * seconds / whole
    kind = "error" if span.status == "error" else "waits" if span.name in WAITS else ""
    said = f'<span class="said">{escape(span.message)}</span>' if span.status == "error" else ""
    job = str(span.attributes.get("slipway.job.name", ""))
    indent = traced.depth(span) * 0.9
    return (
        f'<li class="{kind}" title="{escape(job, quote=True)}">'
        f'<span class="name" style="padding-left:{indent:.1f}rem">{escape(span.name)}</span>'
        f'<span class="track"><i style="left:{left:.2f}%;width:{width:.2f}%"></i></span>'
        f'<span class="took">{took(seconds)}{"" if span.end else " …"}</span>{said}</li>'
    )


def took(seconds: float) -> str:
    """
    A duration in few characters.

    >>> took(0.0123), took(2.5), took(75), took(7300), took(200000)
    ('12 ms', '2.50 s', '1 min 15 s', '2 h 02 min', '2 d 8 h')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(seconds, 60)
    if minutes < 1:
        return f"{seconds:.2f} s"
    hours, minutes = divmod(int(minutes), 60)
    if not hours:
        return f"{minutes} min {rest:.0f} s"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes:02d} min"
