"""The inbox as a page for browsers; links in mail can be followed from it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}"
    "details{border-bottom:1px solid #8884;padding:.5rem 0}summary{cursor:pointer}"
    "summary span{color:#888;margin-right:1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)


def page(mails: Sequence[dict[str, Any]]) -> str:
    """All mail, newest first; the newest stands open."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Inbox - Slipway</title>",
        f"<style>{STYLE}</style><h1>Inbox</h1>",
    ]
    if not mails:
        parts.append("<p>No mail yet.</p>")
    for number, mail in enumerate(reversed(mails)):
        at = datetime.fromtimestamp(mail["at"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        state = " open" if number == 0 else ""
        parts.append(
            f"<details{state}><summary><span>{at}</span><span>{html.escape(mail['to'])}</span>"
            f"{html.escape(mail['subject'])}</summary><pre>{linked(mail['body'])}</pre></details>"
        )
    return "".join(parts)


def linked(text: str) -> str:
    """
    Text as HTML whose addresses are links.

    >>> linked("<b> at http://127.0.0.1:1/a?b=1&c=2")
    '&lt;b&gt; at <a href="http://127.0.0.1:1/a?b=1&amp;c=2" rel="noreferrer">http://127.0.0.1:1/a?b=1&amp;c=2</a>'
    """
    parts, end = list[str](), 0
    for found in _LINK.finditer(text):
        address = html.escape(found[0])
        parts += [
            html.escape(text[end : found.start()]),
            f'<a href="{address}" rel="noreferrer">{address}</a>',
        ]
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])
