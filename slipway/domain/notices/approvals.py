"""Notices of what is asked of people and what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.amounts import day_and_time, sentence
from slipway.domain.approval import AUTOMATIC
from slipway.domain.notices.notice import (
    Notice,
    Tone,
    present,
    release_id,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def requested(detail: Mapping[str, Any], _region: str) -> Notice:
    approvers = [str(address) for address in detail.get("approvers") or ()]
    return Notice(
        tone="waiting",
        headline=f"{subject(detail)}: approval wanted",
        lead=sentence(str(detail.get("summary", ""))),
        facts=present(
            *((str(label).capitalize(), text) for label, text in detail.get("numbers") or ()),
            ("Who may decide", ", ".join(approvers)),
            ("Decide before", day_and_time(detail.get("expires_at", ""))),
        ),
        next_action="Each approver has a link of their own by e-mail.",
        release_id=release_id(detail),
        request_id=str(detail.get("request_id", "")),
        report_digest=str(detail.get("report_digest", "")),
        version=str(detail.get("version", "")),
    )


def given(detail: Mapping[str, Any], _region: str) -> Notice:
    approver, given, persons = detail.get("approver"), detail.get("given"), detail.get("persons")
    return Notice(
        tone="waiting",
        headline=f"{subject(detail)}: {given} of {persons} approved, by {approver}",
        lead=f"{approver} approved this version. It waits for another approver.",
        facts=present(("Reason", detail.get("reason")), ("Conditions", detail.get("conditions"))),
        next_action="Each approver has a link of their own by e-mail.",
        release_id=release_id(detail),
    )


def decided(detail: Mapping[str, Any], _region: str) -> Notice:
    decision, approver = str(detail.get("decision", "")), str(detail.get("approver", ""))
    tone, lead = _DECISIONS.get(decision, ("plain", "{approver} decided: {decision}."))
    if approver == AUTOMATIC:
        lead = "Approved automatically, as the settings of this environment allow: nobody looked at it."
    if detail.get("undeliverable"):
        tone = "bad"
        after = "The release had ended before it could be told; nothing was changed in production."
    else:
        after = _AFTER.get(decision, "")
    return Notice(
        tone=tone,
        headline=f"{subject(detail)}: {decision}" + (f" by {approver}" if approver else ""),
        lead=f"{lead.format(approver=approver, decision=decision)} {after}".strip(),
        facts=present(
            ("Reason", detail.get("reason") if decision != "expired" else ""),
            ("Conditions", detail.get("conditions")),
        ),
        release_id=release_id(detail),
    )


_DECISIONS: Final[Mapping[str, tuple[Tone, str]]] = {
    "approved": ("good", "{approver} approved this version."),
    "rejected": ("bad", "{approver} rejected this version."),
    "expired": ("bad", "Nobody decided in time."),
}


_AFTER: Final[Mapping[str, str]] = {
    "approved": "It goes into production now; the endpoint's details follow.",
    "rejected": "What serves now goes on serving.",
    "expired": "What serves now goes on serving. Start the release again to ask anew.",
}
