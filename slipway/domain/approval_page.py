"""The page on which one approver sees the evidence of a release and decides."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from slipway.domain.amounts import day_and_time
from slipway.domain.approval import (
    ANY_CONDITIONS,
    DecisionForm,
    never_decided,
    release_of,
    sentence_of,
    title_of,
)
from slipway.domain.approval_form import approvals_given, decided_note, deciders, decision_form
from slipway.domain.evidence_cards import evidence_cards
from slipway.domain.semver import Version
from slipway.domain.succession import sentence_of as succession_of
from slipway.domain.web_page import WebAnswer, document, plain_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.domain.approval_conditions import AllowedConditions
    from slipway.domain.approval_sections import Plot
    from slipway.domain.evidence import Evidence

_NO_FORM: Final = DecisionForm()
_WRONG: Final = (
    '<div class="note bad narrow"><b>Nothing was recorded yet.</b> '
    "Something in the form is missing or wrong.</div>"
)
"""On a small screen the form stands below the evidence, out of sight."""
_CHANGED: Final = (
    '<div class="note warn" role="alert"><b>The report was changed since you were asked.</b> '
    "This link can't approve it; you are asked anew within minutes. It can be rejected.</div>"
)


def evidence_answer(
    record: ApprovalRecord,
    evidence: Evidence,
    plots: Sequence[Plot],
    approver: str,
    *,
    form: DecisionForm = _NO_FORM,
    problems: Mapping[str, str] | None = None,
    successor: str = "",
    changed: bool = False,
    allowed: AllowedConditions = ANY_CONDITIONS,
) -> WebAnswer:
    """
    The whole page: with the form while nobody has decided, with the decision afterwards.

    Args:
        record: What is asked, or was decided.
        evidence: Empty where the report could not be read; the page says so.
        plots: The report's pictures in their order.
        approver: Whose link opened the page.
        form: What was typed before, shown again.
        problems: What was wrong with it, by field: the answer is 422 then.
        successor: The version that came to serve since the evidence was gathered; empty: none.
        changed: The report is not the one that was asked about.
        allowed: The conditions that an approver may set.
    """
    pending = record["status"] == "pending"
    version = record["version"]
    heading = f"Put {record['model']} {version} into production?" if pending else title_of(record)
    state = f"Decide before {day_and_time(record['expires_at_epoch'])}." if pending else sentence_of(record)
    side = (
        decision_form(record, approver, form, problems or {}, allowed, approvable=not (successor or changed))
        if pending
        else decided_note(record) + deciders(record, approver)
    )
    jump = "Go to your decision" if pending else "Go to the decision"
    body = (
        '<a class="skip" href="#decide">Skip to the decision</a><main class="wrap"><div class="head">'
        f"<h1>{escape(heading)}</h1>"
        f"<p>Project {escape(record['project'])} &middot; {escape(state)}</p>"
        f"{_superseded(record, successor)}{_CHANGED if changed and pending else ''}"
        f'{_WRONG if problems else ""}<a class="jump" href="#decide">{jump}</a></div>'
        f'<div class="columns"><div>{_evidence(record, evidence, plots)}</div>'
        f'<aside class="side" aria-label="Decision">{side}</aside></div>'
        f'<p class="foot">Release {escape(release_of(record))}, image {escape(record["image_digest"])}</p>'
        "</main>"
    )
    page = document(title=f"{heading} - Slipway", environment=record["environment"], body=body)
    return WebAnswer(422 if problems else 200, page)


def _superseded(record: ApprovalRecord, successor: str) -> str:
    if not successor:
        return ""
    return (
        '<div class="note warn" role="alert">'
        f"<b>{escape(succession_of(successor, record.get('judged_against')))}</b> "
        f"{escape(record['version'])} can't be approved any more; it can be rejected.</div>"
    )


def _evidence(record: ApprovalRecord, evidence: Evidence, plots: Sequence[Plot]) -> str:
    missing = (
        ""
        if evidence.report
        else '<div class="note warn" role="alert"><b>The evaluation report could not be read.</b> '
        f"It should be at <code>{escape(record['report_uri'])}</code>. "
        "Don't approve what you can't see.</div>"
    )
    return missing + evidence_cards(
        evidence,
        plots,
        version=record["version"],
        image_digest=record["image_digest"],
        release_id=release_of(record),
        package_arn=record["package_arn"],
    )


def recorded_answer(record: ApprovalRecord, *, delivery: str) -> WebAnswer:
    """
    What an approver sees right after deciding.

    Args:
        record: As decided.
        delivery: ``delivered``, ``later`` (it is sent again within minutes) or ``undeliverable``.
    """
    happens = {
        "approved": "The endpoint is being updated; its details follow by e-mail as soon as it serves.",
        "rejected": "What serves now goes on serving. The model's authors are told your reason.",
    }
    if delivery == "undeliverable":
        return plain_answer(
            410,
            "Your decision came too late",
            "It was recorded, but the release had ended before. Nothing was changed in production.",
            environment=record["environment"],
        )
    later = "The release could not be told just now; it will be within minutes, by itself."
    after = happens[record["status"]] if delivery == "delivered" else later
    word = "Approved" if record["status"] == "approved" else "Rejected"
    return plain_answer(
        200,
        f"{word}: {title_of(record)}",
        sentence_of(record),
        after,
        environment=record["environment"],
        tone="good" if record["status"] == "approved" else "bad",
    )


def counted_answer(record: ApprovalRecord, approver: str, *, repeated: bool) -> WebAnswer:
    """To an approval after which more people must approve; ``repeated``: this person's second one."""
    given = approvals_given(record)
    if repeated:
        return plain_answer(
            409,
            "You have approved this already",
            f"{given}.",
            f"Somebody else than {approver} must approve as well. Nothing was changed by what you just sent.",
            environment=record["environment"],
        )
    return plain_answer(
        200,
        f"Your approval counts: {title_of(record)}",
        f"{given}.",
        "Nothing is put into production before another approver approves too; all of them are told.",
        environment=record["environment"],
        tone="good",
    )


def differing_answer(record: ApprovalRecord) -> WebAnswer:
    """To an approval under other conditions than those under which somebody else approved already."""
    return plain_answer(
        409,
        "Your conditions are not the ones that were approved",
        f"{approvals_given(record)}.",
        "Nothing was recorded. Two people must approve the same: open your link again and choose the same "
        "conditions, or reject.",
        environment=record["environment"],
        tone="warn",
    )


def already_decided_answer(record: ApprovalRecord) -> WebAnswer:
    """To a decision that came second, or after the release had ended: who decided; nothing was changed."""
    if record["status"] == "pending":
        return plain_answer(
            409,
            "You are asked anew",
            "The request was renewed, or its time has passed, while you were deciding.",
            "Nothing was recorded. Open the newest link that you got.",
            environment=record["environment"],
            tone="warn",
        )
    if never_decided(record):
        return plain_answer(
            410,
            "This release has ended",
            sentence_of(record),
            "Nothing was changed by what you just sent.",
            environment=record["environment"],
        )
    return plain_answer(
        409,
        "This was decided already",
        sentence_of(record),
        "Nothing was changed by what you just sent.",
        environment=record["environment"],
    )


def outdated_answer(record: ApprovalRecord) -> WebAnswer:
    """To a link, or an approval, of a report that is not the one any more that people were asked about."""
    return plain_answer(
        409,
        "The evidence was changed",
        f"The evaluation report of {title_of(record)} is not the one that you were asked about any more.",
        "Nothing was recorded. Everybody is asked anew, with a new link to the report as it is now.",
        environment=record["environment"],
        tone="warn",
    )


def superseded_answer(record: ApprovalRecord, successor: str) -> WebAnswer:
    """To an approval of what would put another version out of service than the evidence speaks of."""
    anew = (
        f"try it beside {successor}"
        if "trial" in record
        else f"{_compared_anew(record, successor)}: its evidence compares it with {successor} then"
    )
    return plain_answer(
        409,
        "The evidence is outdated",
        succession_of(successor, record.get("judged_against")),
        f"Nothing was recorded. {title_of(record)} can still be rejected. To put it into production, {anew}.",
        environment=record["environment"],
        tone="warn",
    )


def _compared_anew(record: ApprovalRecord, successor: str) -> str:
    version = record["version"]
    if "+" not in version and Version.parse(version).follows(Version.parse(successor)):
        return f"run `slipway release start {record['project']}/{record['model']}:{version} --again`"
    return f"push it under a version above {successor}"


def expired_answer(record: ApprovalRecord) -> WebAnswer:
    """To a link whose time has passed."""
    return plain_answer(
        410,
        "This link has expired",
        sentence_of(record) or f"Nobody had decided on {title_of(record)} when it did.",
        "If the release is started again, you will get a new link.",
        environment=record["environment"],
    )
