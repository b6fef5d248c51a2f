"""A notice as e-mail, and who gets it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from slipway.contracts.events import APPROVAL_REQUESTED
from slipway.domain.approval import named_approvers
from slipway.domain.plain_text import ascii_text, columns, subject

if TYPE_CHECKING:
    from slipway.contracts.policy import Policy
    from slipway.domain.notices import Notice

WIDTH: Final = 76
_NOT_BY_MAIL: Final = (APPROVAL_REQUESTED,)
"""Approvers have their own message with their link, and the others know from the verdict."""


def recipients_of(policy: Policy, kind: str, project: str) -> tuple[str, ...]:
    """
    Who is told of an event by e-mail: the project's recipients and its approvers, each once.

    Args:
        policy: ``recipients`` and ``approvers`` by project; ``*`` stands for all others.
        kind: The event's ``detail-type``.
        project: May be empty, where a push could not be told to belong to one.
    """
    if kind in _NOT_BY_MAIL:
        return ()
    recipients = policy["recipients"].get(project) or policy["recipients"].get("*") or ()
    return tuple(dict.fromkeys((*recipients, *named_approvers(policy["approvers"], project))))


def notice_subject(notice: Notice) -> str:
    """The headline, as SNS takes it: ASCII, under 100 characters, without control characters."""
    return subject(notice.headline)


def notice_text(notice: Notice) -> str:
    """The whole message in plain ASCII; commands and URLs stand on lines of their own, unwrapped."""
    parts = [_wrapped(notice.lead)]
    if notice.metrics:
        parts.append(_metrics(notice))
    if notice.facts:
        parts.append([line for label, value in notice.facts for line in _fact(label, value)])
    if notice.next_action:
        parts.append(["WHAT TO DO NEXT", *_wrapped(notice.next_action, "  ")])
    parts.extend([f"{label}:", f"  {command}"] for label, command in notice.commands)
    if notice.link:
        parts.append(["Look closer:", notice.link])
    if notice.release_id:
        parts.append([f"Release {notice.release_id}"])
    return ascii_text("\n\n".join("\n".join(lines) for lines in parts if lines) + "\n")


def _metrics(notice: Notice) -> list[str]:
    if all(champion == "-" for _, _, champion, _ in notice.metrics):
        return columns([("METRICS", "challenger"), *(row[:2] for row in notice.metrics)], indent="")
    return columns([("METRICS", "challenger", "champion", "difference"), *notice.metrics], indent="")


_LABEL: Final = 15


def _fact(label: str, value: str) -> list[str]:
    lines = [line for part in value.splitlines() for line in _wrapped(part)] or [""]
    return [f"{label + ':' if index == 0 else '':<{_LABEL}}{line}" for index, line in enumerate(lines)]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        ascii_text(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
