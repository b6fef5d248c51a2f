"""The part of the approval page that decides: the form, or who has decided already."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from slipway.domain.amounts import day_and_time
from slipway.domain.approval import MAX_REASON, MAX_VERSION, never_decided, sentence_of
from slipway.domain.approval_conditions import conditions_in_words
from slipway.domain.approval_conditions_form import conditions_fields
from slipway.domain.approval_rules import standing_approvals
from slipway.domain.approval_sections import card, code, facts
from slipway.domain.form_fields import described, problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.domain.approval import DecisionForm
    from slipway.domain.approval_conditions import AllowedConditions

_CHOICES: Final = (
    ("approved", "Approve", "It is put into production now."),
    ("rejected", "Reject", "What serves now goes on serving."),
)


def decision_form(
    record: ApprovalRecord,
    approver: str,
    form: DecisionForm,
    problems: Mapping[str, str],
    allowed: AllowedConditions,
    *,
    approvable: bool = True,
) -> str:
    """
    The form: decision, reason, and the version typed by hand.

    Args:
        record: What is asked.
        approver: Whose link opened the page.
        form: What was typed before, shown again.
        problems: What was wrong with it, by field.
        allowed: The conditions that may be chosen.
        approvable: Whether it may be approved; else it can only be rejected.
    """
    choices = _choices(record, form, problems, _choices_of(record) if approvable else _CHOICES[1:])
    conditions = conditions_fields(record, form, problems, allowed) if approvable else ""
    return (
        '<section class="card ask" aria-labelledby="decide"><h2 id="decide">Your decision</h2>'
        f"{_given(record)}{_summary(problems)}"
        '<form method="post" accept-charset="utf-8" autocomplete="off" novalidate>'
        f"{choices}{conditions}"
        f"{_reason(form, problems)}{_version(record, form, problems)}"
        '<button type="submit">Record this decision</button>'
        '<p class="hint">It is recorded under your name and can\'t be taken back.</p></form>'
        f"</section>{deciders(record, approver)}"
    )


def deciders(record: ApprovalRecord, approver: str) -> str:
    """Who may decide, and until when; who could have, once it is decided."""
    pending = record["status"] == "pending"
    others = [address for address in record["approvers"] if address != approver]
    pairs = [
        ("You", escape(approver)),
        ("Others who may decide" if pending else "Others", "<br>".join(map(escape, others)) or "nobody"),
        ("Asked", escape(day_and_time(record["requested_at"]))),
        ("Decide before", escape(day_and_time(record["expires_at_epoch"])) if pending else ""),
    ]
    heading = "Who may decide" if pending else "Who was asked"
    counts = (
        "Two different people must approve; one rejection ends it."
        if record.get("persons", 1) > 1
        else "The first decision counts."
    )
    hint = f'<p class="hint">{counts} This link is yours alone.</p>' if pending else ""
    return card(heading, f"{facts(pairs)}{hint}", anchor="who")


def approvals_given(record: ApprovalRecord) -> str:
    """
    Who approved so far; empty where one person decides or nobody has approved.

    >>> ana = {"status": "approved", "decided_by": "ana@example.com", "redrive": 0, "report_digest": "",
    ...        "decided_at": "2026-11-22T14:03:11.000Z"}
    >>> approvals_given({"persons": 2, "redrive": 0, "decisions": [ana]})
    '1 of 2: ana@example.com approved on 2026-11-22 14:03 UTC'
    """
    persons, given = record.get("persons", 1), standing_approvals(record)
    if persons < 2 or not given:  # noqa: PLR2004 - one person's approval decides
        return ""
    people = ", ".join(f"{one['decided_by']} approved on {day_and_time(one['decided_at'])}" for one in given)
    conditions = conditions_in_words(given[0].get("conditions"))
    people += f", on condition of {conditions}" if conditions else ""
    return f"{len(given)} of {persons}: {people}"


def decided_note(record: ApprovalRecord) -> str:
    """Who decided what, when, and why."""
    tint = {"approved": "good", "rejected": "bad"}.get(record["status"], "warn")
    reason = record.get("decision_reason", "")
    quoted = f"<blockquote>{escape(reason)}</blockquote>" if reason and record["status"] != "expired" else ""
    late = (
        "<p>The release had ended before this decision could reach it; nothing was changed in production.</p>"
        if record.get("undeliverable") and not never_decided(record)
        else ""
    )
    return (
        '<section class="card" aria-labelledby="decide"><h2 id="decide">Decision</h2>'
        f'<div class="note {tint}"><b>{escape(sentence_of(record))}</b>{late}</div>{quoted}</section>'
    )


def _given(record: ApprovalRecord) -> str:
    given = approvals_given(record)
    return f'<div class="note good"><b>{escape(given)}</b></div>' if given else ""


def _summary(problems: Mapping[str, str]) -> str:
    if not problems:
        return ""
    items = "".join(
        f'<li><a href="#{escape(field)}">{escape(problem)}</a></li>' for field, problem in problems.items()
    )
    return (
        '<div class="note bad" role="alert"><b>Nothing was recorded yet.</b> '
        f"Please look at this again:<ul>{items}</ul></div>"
    )


def _choices_of(record: ApprovalRecord) -> tuple[tuple[str, str, str], ...]:
    lacking = record.get("persons", 1) - len(standing_approvals(record))
    if lacking < 2:  # noqa: PLR2004 - this approval is the last that is needed
        return _CHOICES
    return (("approved", "Approve", "Another person must approve too."), _CHOICES[1])


def _choices(
    record: ApprovalRecord,
    form: DecisionForm,
    problems: Mapping[str, str],
    offered: Sequence[tuple[str, str, str]],
) -> str:
    choices = "".join(
        f'<label class="choice"><input type="radio" name="decision" value="{value}" required'
        f"{' id=decision' if index == 0 else ''}{' checked' if form.decision == value else ''}>"
        f"<span><b>{word} {escape(record['version'])}</b><span>{effect}</span></span></label>"
        for index, (value, word, effect) in enumerate(offered)
    )
    attributes = described("decision", problems)
    wrong = problem_of("decision", problems)
    return f"<fieldset{attributes}><legend>Decision</legend>{choices}{wrong}</fieldset>"


def _reason(form: DecisionForm, problems: Mapping[str, str]) -> str:
    return (
        '<div class="field"><label class="above" for="reason">Reason</label>'
        f'<textarea id="reason" name="reason" maxlength="{MAX_REASON}" rows="4"'
        f"{described('reason', problems, hint=True)}>\n{escape(form.reason[: 2 * MAX_REASON])}</textarea>"
        '<p class="hint" id="reason-hint">What convinced you, or did not. Required to reject.</p>'
        f"{problem_of('reason', problems)}</div>"
    )


def _version(record: ApprovalRecord, form: DecisionForm, problems: Mapping[str, str]) -> str:
    return (
        '<div class="field"><label class="above" for="version">Type the version to confirm</label>'
        f'<input type="text" id="version" name="version" class="mono" required spellcheck="false"'
        f' autocapitalize="none" autocomplete="off" maxlength="{MAX_VERSION}"'
        f' value="{escape(form.version[:MAX_VERSION])}"{described("version", problems, hint=True)}>'
        f'<p class="hint" id="version-hint">This is {code(record["version"])}.</p>'
        f"{problem_of('version', problems)}</div>"
    )
