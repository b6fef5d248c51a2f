"""The buttons under a request for approval in Slack, and what a click on one of them says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.approval import MAX_REASON
from slipway.domain.shapes import listed, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

APPROVE: Final = "slipway-approved"
REJECT: Final = "slipway-rejected"
_REASON: Final = "slipway-reason"
_DECISIONS: Final = {APPROVE: "approved", REJECT: "rejected"}
_REQUEST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class SlackClick:
    """
    One click.

    Attributes:
        user: Slack's id of the person, such as ``U012AB3CD``.
        decision: ``approved`` or ``rejected``.
        request_id: On which request: a release's id, or a trial's.
        report_digest: Of the report that the message was about; empty: not known then.
        reason: As typed; may be empty.
        response_url: Where the person is answered.
    """

    user: str
    decision: str
    request_id: str
    report_digest: str
    reason: str
    response_url: str


def click_of(payload: Mapping[str, Any]) -> SlackClick | None:
    """The click that a ``block_actions`` payload tells of; None: it is about something else."""
    action = mapping(next(iter(listed(payload.get("actions"))), None))
    decision = _DECISIONS.get(str(action.get("action_id", "")))
    try:
        value = mapping(json.loads(str(action.get("value", ""))))
    except ValueError:
        return None
    request_id = str(value.get("request", ""))
    if decision is None or not _REQUEST.fullmatch(request_id):
        return None
    fields = mapping(mapping(payload.get("state")).get("values"))
    return SlackClick(
        user=str(mapping(payload.get("user")).get("id", "")),
        decision=decision,
        request_id=request_id,
        report_digest=str(value.get("report", "")),
        reason=str(mapping(mapping(fields.get(_REASON)).get(_REASON)).get("value") or ""),
        response_url=str(payload.get("response_url", "")),
    )


def decision_blocks(request_id: str, version: str, report_digest: str) -> list[dict[str, Any]]:
    """A field for the reason and two buttons, each of which asks back before it counts."""
    value = json.dumps({"request": request_id, "report": report_digest})
    return [
        {
            "type": "input",
            "block_id": _REASON,
            "optional": True,
            "label": _plain("Reason (required to reject)"),
            "element": {
                "type": "plain_text_input",
                "action_id": _REASON,
                "multiline": True,
                "max_length": MAX_REASON,
            },
        },
        {
            "type": "actions",
            "block_id": "slipway-decision",
            "elements": [
                _button(APPROVE, f"Approve {version}", "primary", value, "It is put into production now."),
                _button(REJECT, f"Reject {version}", "danger", value, "What serves now goes on serving."),
            ],
        },
    ]


def _button(action: str, words: str, style: str, value: str, effect: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action,
        "style": style,
        "text": _plain(words[:75]),
        "value": value,
        "confirm": {
            "title": _plain(f"{words}?"[:100]),
            "text": _plain(f"{effect} It is recorded under your name and can't be taken back."),
            "confirm": _plain(words.partition(" ")[0]),
            "deny": _plain("Cancel"),
        },
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
