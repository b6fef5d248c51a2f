"""The frame of every page that approvers see, and the headers that keep it from being kept, framed or fed."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from slipway.domain.approval_style import STYLE, STYLE_SOURCE

HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src {STYLE_SOURCE}; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
"""On every answer, refusals among them."""

_LOGO: Final = (
    '<svg width="22" height="22" viewBox="0 0 22 22" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M2 18.5 20 13"/>'
    '<path d="M4.5 11.5 17 7.8l-2.2 5-7.6 2.3z"/><path d="M10.5 9.6V3.5"/></svg>'
)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """A status and a whole HTML document."""

    status: int
    html: str


def document(*, title: str, environment: str, body: str, head: str = "") -> str:
    """
    A whole HTML document without any script or outside resource.

    Args:
        title: Plain text.
        environment: Plain text for the bar's tag; empty: no tag.
        body: HTML whose parts are escaped already.
        head: Further HTML of the head: the approval page has none, as its policy allows one style sheet.
    """
    tag = f'<span class="tag">{escape(environment)}</span>' if environment else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>{head}</head><body>"
        f'<header class="bar"><div><span class="brand">{_LOGO}Slipway</span>{tag}</div></header>'
        f"{body}</body></html>\n"
    )


def plain_answer(
    status: int, heading: str, *paragraphs: str, environment: str = "", tone: str = ""
) -> WebAnswer:
    """
    A page that says one thing.

    Args:
        status: The HTTP status.
        heading: Plain text.
        paragraphs: Plain text each.
        environment: Plain text for the bar's tag.
        tone: ``good``, ``bad`` or ``warn`` tints the first paragraph.
    """
    tint = f' class="note {tone}"' if tone else ""
    said = "".join(
        f"<p{tint if index == 0 else ''}>{escape(paragraph)}</p>"
        for index, paragraph in enumerate(filter(None, paragraphs))
    )
    body = f'<main class="plain"><div class="card"><h1>{escape(heading)}</h1>{said}</div></main>'
    return WebAnswer(status, document(title=f"{heading} - Slipway", environment=environment, body=body))


def unknown_answer() -> WebAnswer:
    """
    The one answer to every link that is not ours: unknown, tampered with, or another's.

    It does not say which, so that nothing can be learned by trying.
    """
    return plain_answer(
        404,
        "There is nothing here",
        "This link is not complete, or not one of ours. Open it from the e-mail once more: "
        "some mail readers break long links into two lines.",
    )
