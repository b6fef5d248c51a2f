"""The message that asks one approver for a decision: evidence in plain ASCII, the link on its own line."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, Literal

from slipway.domain.amounts import day_and_time, duration
from slipway.domain.approval import release_of, title_of
from slipway.domain.plain_text import ascii_text, subject
from slipway.domain.trials.shown import facts_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import ApprovalRecord
    from slipway.domain.evidence import Evidence

WIDTH: Final = 76
"""Columns of text; mail readers wrap longer lines where they like."""


Occasion = Literal["asked", "reminder"]


def approval_subject(
    record: ApprovalRecord, evidence: Evidence, approver: str, *, occasion: Occasion = "asked"
) -> str:
    """
    What an approver sees in a list of messages: environment, model, version, and the metric that counts.

    ASCII, under 100 characters, without control characters, whatever the names hold.
    """
    again = approver in record["told"] or bool(record.get("report_changes"))
    wanted = "Approval wanted again" if again else "Approval wanted"
    if occasion == "reminder":
        wanted = "Reminder, approval wanted"
    head = f"[{record['environment']}] {wanted}: {title_of(record)}"
    rows = evidence.rows()
    if rows and rows[0].challenger is not None:
        challenger, champion, _ = rows[0].cells()
        rest = f", champion {champion}" if rows[0].champion is not None else ""
        head += f" ({rows[0].metric} {challenger}{rest})"
    return subject(head)


def approval_text(
    record: ApprovalRecord,
    evidence: Evidence,
    approver: str,
    url: str,
    *,
    occasion: Occasion = "asked",
) -> str:
    """
    The whole message for one approver.

    Args:
        record: What is asked of whom.
        evidence: What the decision rests on.
        approver: Whose link it is.
        url: The signed link; no line of it is wrapped.
        occasion: Why they get it now.
    """
    until = day_and_time(record["expires_at_epoch"])
    where = record["environment"]
    others = ", ".join(address for address in record["approvers"] if address != approver) or "nobody"
    counts = (
        "two different people must approve" if record.get("persons", 1) > 1 else "the first decision counts"
    )
    once = (
        f"The link is for {approver} alone; do not forward it. It works until {until}, and {counts}. "
        f"Who else may decide: {others}."
    )
    trial = record.get("trial")
    passed = (
        f"was tried beside {trial['champion']} in {where}, and you are asked to make it champion."
        if trial is not None
        else f"passed its evaluation in {where} and waits for a decision."
    )
    lines = _wrapped(f"{title_of(record)} {passed}")
    lines += ["", *_wrapped(why)] if (why := _why(record, approver, occasion)) else []
    lines += ["", "Look at the evidence and decide here:", "", url, "", *_wrapped(once)]
    lines += ["", "VERDICT", *_wrapped(evidence.summary, "  ")]
    if trial is not None:
        lines += ["", "TRIAL", *_trial(evidence), "", f"Release {release_of(record)}", ""]
        return ascii_text("\n".join(lines))
    lines += ["", "FIVE NUMBERS", *_numbers(evidence)]
    lines += ["", *_wrapped(_of_what(evidence), "  ")]
    lines += ["", f"Image {record['image_digest']}", f"Release {record['release_id']}", ""]
    return ascii_text("\n".join(lines))


def _why(record: ApprovalRecord, approver: str, occasion: Occasion) -> str:
    """Why somebody is written to who was, or others were, asked before; empty: it is the first time."""
    if occasion == "reminder":
        return "This is a reminder, and the only one: nothing was decided since you were asked."
    if record.get("report_changes"):
        return (
            "You are asked anew, because the report was changed after people had been asked about it. Links "
            "that were sent before decide nothing any more, and what was approved before does not count."
        )
    if approver in record["told"]:
        return (
            "You are asked again, because the release was started anew from where it had stopped. "
            "Links that were sent before stay valid until they expire."
        )
    if record.get("escalated") == record["redrive"]:
        return "You are asked as well, because nothing was decided by those who were asked first."
    return ""


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        ascii_text(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _numbers(evidence: Evidence) -> list[str]:
    longest = max(len(label) for label, _ in evidence.numbers())
    return [
        line
        for label, text in evidence.numbers()
        for line in textwrap.wrap(
            ascii_text(f"{label:<{longest}}  {text}"),
            WIDTH,
            initial_indent="  ",
            subsequent_indent=" " * (longest + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _trial(evidence: Evidence) -> list[str]:
    found = evidence.report.get("trial")
    facts = facts_of(found) if isinstance(found, dict) else []
    return [line for label, text in facts for line in _wrapped(f"{label}: {text}", "  ")]


def _of_what(evidence: Evidence) -> str:
    """The data, and what it cost, in two sentences; the page has all the rest."""
    data = ", ".join(
        f"{pinned.get('data_set', '')} {pinned.get('version', '')}" for _, pinned in evidence.data_sets()
    )
    seconds = evidence.report.get("training_seconds")
    took = f"Training took {duration(float(seconds))}. " if isinstance(seconds, int | float) else ""
    known = f"Data: {data}. " if data else ""
    return f"{known}{took}{evidence.cost()} (An estimate from list prices.)"
