"""Takes an approver's decision: once, in the ledger first, then to the execution that waits for it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from slipway.domain.approval_conditions import AllowedConditions
from slipway.domain.approval_page import (
    already_decided_answer,
    counted_answer,
    differing_answer,
    evidence_answer,
    outdated_answer,
    recorded_answer,
    superseded_answer,
)
from slipway.domain.approval_rules import is_changed
from slipway.domain.web_page import WebAnswer
from slipway.usecases.check_conditions import impossible_conditions
from slipway.usecases.find_successor import find_successor
from slipway.usecases.read_evidence import read_plots, read_report_and_digest
from slipway.usecases.settle_decision import Settled, settle_decision
from slipway.usecases.verify_link import verify_link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.policy import ApprovalRules, Policy
    from slipway.domain.approval import DecisionForm
    from slipway.usecases.ports import EventBus, Ledger, LinkSigner, ModelRegistry, Reports, TaskTokens


def decide_approval(
    release_id: str,
    raw_query: str,
    form: DecisionForm,
    *,
    ledger: Ledger,
    approvers: Mapping[str, Sequence[str]],
    signer: LinkSigner,
    reports: Reports,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
    policy: Policy,
    rules: Mapping[str, ApprovalRules] = MappingProxyType({}),
    source_ip: str = "",
    user_agent: str = "",
) -> WebAnswer:
    """
    Decide by a link and a form.

    Returns:
        200 when this form decided, or counts as one of two approvals; 409 when
        somebody had decided before, or approves twice, or under other conditions
        than who approved before, or approves what another version serves in place of
        by now; 410 when the time has passed or the release has ended; 422 with the form
        again when something in it is missing or wrong; 404 for a link that is not ours.
    """
    opened = verify_link(
        release_id,
        raw_query,
        approvals=ledger,
        approvers=approvers,
        signer=signer,
        now=now,
        rules=rules,
    )
    if isinstance(opened, WebAnswer):
        return opened
    record, approver = opened
    if record["status"] != "pending":
        return already_decided_answer(record)
    allowed = AllowedConditions.of(policy)
    problems = form.problems(record["version"], allowed) or impossible_conditions(
        form, record, versions=ledger, policy=policy
    )
    successor = find_successor(record, ledger)
    evidence, digest = read_report_and_digest(record["report_uri"], reports)
    if problems:
        plots = read_plots(record["report_uri"], evidence, reports)
        return evidence_answer(
            record,
            evidence,
            plots,
            approver,
            form=form,
            problems=problems,
            successor=successor,
            changed=is_changed(record, digest),
            allowed=allowed,
        )
    settled = settle_decision(
        record,
        form.decided(approver, now, source_ip=source_ip, user_agent=user_agent),
        successor=successor,
        report_digest=digest,
        ledger=ledger,
        tokens=tokens,
        registry=registry,
        events=events,
        now=now,
    )
    return _answer(settled, approver)


def _answer(settled: Settled, approver: str) -> WebAnswer:
    record = settled.record
    match settled.how:
        case "delivered" | "later" | "undeliverable":
            return recorded_answer(record, delivery=settled.how)
        case "superseded":
            return superseded_answer(record, settled.successor)
        case "outdated":
            return outdated_answer(record)
        case "differs":
            return differing_answer(record)
        case "late":
            return already_decided_answer(record)
        case "counts" | "repeats":
            return counted_answer(record, approver, repeated=settled.how == "repeats")
