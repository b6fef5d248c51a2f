"""One message, and the words that all of them share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Tone = Literal["good", "bad", "waiting", "plain"]


@dataclass(frozen=True, slots=True)
class Notice:
    """
    One message, without any form yet.

    Attributes:
        tone: How it is to be taken.
        headline: One line that names environment, model and version.
        lead: A sentence or two.
        facts: Label and value; a value may have several lines.
        metrics: Label, challenger, champion, difference; champion and difference are a dash without one.
        commands: To be copied: what each does, and the command.
        next_action: What the reader should do now; empty: nothing.
        link: A URL to look further; empty: none.
        release_id: For the last line.
        request_id: Of the request for a decision; empty: none is wanted.
        report_digest: Of the report that it is about.
        version: Of the release.
    """

    tone: Tone
    headline: str
    lead: str
    facts: Sequence[tuple[str, str]] = ()
    metrics: Sequence[tuple[str, str, str, str]] = ()
    commands: Sequence[tuple[str, str]] = ()
    next_action: str = ""
    link: str = ""
    release_id: str = ""
    request_id: str = ""
    report_digest: str = ""
    version: str = ""


def subject(detail: Mapping[str, Any]) -> str:
    """``[prod] pricing/hotel-rates 1.1.0``, as far as it is known."""
    named = "/".join(str(detail[key]) for key in ("project", "model") if detail.get(key))
    version = str(detail.get("version") or detail.get("tag") or "")
    return f"[{detail.get('environment', '')}] {named or detail.get('repository', '')} {version}".strip()


def release_id(detail: Mapping[str, Any]) -> str:
    return str(detail.get("release_id") or "")


MAX_CAUSE: Final = 1500
"""Characters of a cause; the log has the rest."""


def cause_text(cause: object) -> str:
    """A cause for people: the message of a JSON error, else the text, shortened."""
    text = str(cause or "")
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        text = str(parsed.get("errorMessage") or parsed.get("FailureReason") or text)
    return text if len(text) <= MAX_CAUSE else text[: MAX_CAUSE - 3] + "..."


def execution_url(detail: Mapping[str, Any], region: str) -> str:
    arn = str(detail.get("execution_arn") or "")
    if not arn:
        return ""
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{arn}"


def present(*facts: tuple[str, object]) -> list[tuple[str, str]]:
    return [(label, str(value)) for label, value in facts if value]
