"""A notice as a Slack message, in Block Kit and within its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.plain_text import columns
from slipway.domain.slack_click import decision_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.domain.notices import Notice

MAX_HEADER: Final = 150
MAX_TEXT: Final = 3000
MAX_FIELD: Final = 2000
MAX_FIELDS: Final = 10
"""Slack refuses a message that goes beyond any of these (characters, characters, characters, per section)."""

_SIGNS: Final = {
    "good": ":white_check_mark:",
    "bad": ":x:",
    "waiting": ":hourglass_flowing_sand:",
    "plain": ":gear:",
}


def slack_message(notice: Notice, *, buttons: bool = False) -> dict[str, Any]:
    """
    The body for an incoming webhook: ``text`` for notifications, ``blocks`` for the channel.

    With ``buttons`` a request for a decision can be answered where it stands.
    What comes from outside can neither mention people nor make links.
    """
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(notice.headline, MAX_HEADER)},
        _section(f"{_SIGNS[notice.tone]} {escaped(notice.lead)}"),
    ]
    if notice.metrics:
        blocks.append(_section(_fenced(_metrics(notice))))
    for start in range(0, len(notice.facts), MAX_FIELDS):
        fields = [_fact(label, value) for label, value in notice.facts[start : start + MAX_FIELDS]]
        blocks.append({"type": "section", "fields": fields})
    if notice.next_action:
        blocks.append(_section(f"*What to do next*\n{escaped(notice.next_action)}"))
    blocks.extend(_section(f"*{escaped(label)}*\n{_fenced([command])}") for label, command in notice.commands)
    if buttons and notice.request_id:
        blocks.extend(decision_blocks(notice.request_id, notice.version, notice.report_digest))
    footer = [f"Release `{escaped(notice.release_id)}`"] if notice.release_id else []
    if notice.link:
        footer.append(f"<{escaped(notice.link)}|Look closer>")
    if footer:
        blocks.append({"type": "context", "elements": [_markdown("  ".join(footer), MAX_FIELD)]})
    return {"text": escaped(notice.headline)[:MAX_TEXT], "blocks": blocks, "unfurl_links": False}


def escaped(text: str) -> str:
    """
    Text in which Slack sees no mention, link or entity.

    >>> escaped("<!channel> & <@U1>")
    '&lt;!channel&gt; &amp; &lt;@U1&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _metrics(notice: Notice) -> list[str]:
    if all(champion == "-" for _, _, champion, _ in notice.metrics):
        return columns([("", "challenger"), *(row[:2] for row in notice.metrics)], indent="")
    return columns([("", "challenger", "champion", "difference"), *notice.metrics], indent="")


def _fenced(lines: Sequence[str]) -> str:
    text = escaped("\n".join(lines)).replace("```", "'''")
    return f"```{text[: MAX_TEXT - 10]}```"


def _fact(label: str, value: str) -> dict[str, str]:
    shown = escaped(value)
    return _markdown(f"*{escaped(label)}*\n{shown}", MAX_FIELD)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markdown(text, MAX_TEXT)}


def _markdown(text: str, limit: int) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text if len(text) <= limit else text[: limit - 3] + "..."}


def _plain(text: str, limit: int) -> dict[str, Any]:
    line = " ".join(text.split()) or "Slipway"
    return {"type": "plain_text", "text": line if len(line) <= limit else line[: limit - 3] + "..."}
