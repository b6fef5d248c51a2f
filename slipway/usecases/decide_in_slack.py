"""Decides by a button in Slack: the same rules and the same record as by a link."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from slipway.domain.approval import DecisionForm, sentence_of, title_of
from slipway.domain.approval_form import approvals_given
from slipway.domain.approval_rules import may_decide
from slipway.usecases.find_successor import find_successor
from slipway.usecases.read_evidence import read_report_and_digest
from slipway.usecases.settle_decision import settle_decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.contracts.policy import ApprovalRules
    from slipway.domain.slack_click import SlackClick
    from slipway.usecases.ports import EventBus, Ledger, ModelRegistry, Reports, TaskTokens
    from slipway.usecases.settle_decision import Settled


def decide_in_slack(
    click: SlackClick,
    *,
    people: Mapping[str, str],
    ledger: Ledger,
    approvers: Mapping[str, Sequence[str]],
    reports: Reports,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
    rules: Mapping[str, ApprovalRules] = MappingProxyType({}),
    source_ip: str = "",
) -> str:
    """
    Take the click of somebody whom Slack has identified.

    Args:
        click: Of a request whose signature was verified.
        people: Slack's id to the e-mail address that settings know the person by.
        ledger: Gets the decision first.
        approvers: The environment's as they are today, by project.
        reports: The evidence.
        tokens: The waiting execution.
        registry: The model package.
        events: People are told by these.
        now: Must be before the request expires.
        rules: The environment's as they are today, by project.
        source_ip: Slack's; recorded.

    Returns:
        What the person who clicked is told, and nobody else.
    """
    address = people.get(click.user, "")
    record = ledger.get_approval(click.request_id)
    refusal = _refusal(click, record, address, approvers=approvers, rules=rules, now=now)
    if record is None or refusal:
        return refusal
    form = DecisionForm(click.decision, click.reason, record["version"])
    problems = form.problems(record["version"])
    if problems:
        return f"Nothing was recorded yet. {' '.join(problems.values())}"
    settled = settle_decision(
        record,
        form.decided(address, now, source_ip=source_ip, user_agent=f"Slack ({click.user})"),
        successor=find_successor(record, ledger),
        report_digest=read_report_and_digest(record["report_uri"], reports)[1],
        ledger=ledger,
        tokens=tokens,
        registry=registry,
        events=events,
        now=now,
    )
    return _answer(settled)


_NOT_ASKED: Final = "You were not asked about this release, so nothing was recorded."
_OUTDATED: Final = (
    "The evidence of {title} was changed since this message. Nothing was recorded; "
    "a newer message asks about it."
)


def _refusal(
    click: SlackClick,
    record: ApprovalRecord | None,
    address: str,
    *,
    approvers: Mapping[str, Sequence[str]],
    rules: Mapping[str, ApprovalRules],
    now: datetime,
) -> str:
    """Why this person's click does not count; empty: it may."""
    if not address:
        return (
            f"Nobody knows you here: Slack calls you {click.user}. Have notifications.slack_people name your "
            "e-mail address, or decide by the link in your e-mail."
        )
    if record is None or address not in record["approvers"]:
        return _NOT_ASKED
    if not may_decide(record, address, approvers=approvers, rules=rules):
        return f"{address} may not decide on {record['project']} any more, so nothing was recorded."
    if record["status"] == "pending" and now.timestamp() >= record["expires_at_epoch"]:
        return f"The time to decide on {title_of(record)} has passed. Nothing was recorded."
    if record["status"] == "pending" and click.report_digest != record.get("report_digest", ""):
        return _OUTDATED.format(title=title_of(record))
    return ""


def _answer(settled: Settled) -> str:
    record = settled.record
    given = approvals_given(record)
    return {
        "delivered": sentence_of(record),
        "later": f"{sentence_of(record)} The release is told within minutes.",
        "undeliverable": "Your decision was recorded, but the release had ended before. Nothing was changed.",
        "counts": f"Your approval counts. {given}.",
        "repeats": f"You have approved this already. {given}.",
        "differs": f"Nothing was recorded: {given}. Two people must approve the same; conditions are set on "
        "the page that your e-mail links to.",
        "superseded": f"{settled.successor} serves by now, so {title_of(record)} can't be approved any more.",
        "outdated": _OUTDATED.format(title=title_of(record)),
        "late": f"Nothing was changed by your click. {sentence_of(record)}".strip(),
    }[settled.how]
