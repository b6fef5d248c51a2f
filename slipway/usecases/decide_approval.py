"""Takes an approver's decision: once, in the ledger first, then to the execution that waits for it."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from slipway.contracts.events import APPROVAL_GIVEN
from slipway.domain.approval import ANY_CONDITIONS, release_of
from slipway.domain.approval_conditions import conditions_in_words
from slipway.domain.approval_page import (
    already_decided_answer,
    counted_answer,
    differing_answer,
    evidence_answer,
    outdated_answer,
    recorded_answer,
    superseded_answer,
)
from slipway.domain.approval_rules import is_changed, standing_approvals
from slipway.domain.web_page import WebAnswer
from slipway.usecases.deliver_decision import deliver_decision
from slipway.usecases.find_successor import find_successor
from slipway.usecases.read_evidence import read_plots, read_report_and_digest
from slipway.usecases.take_decision import take_decision
from slipway.usecases.verify_link import verify_link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord
    from slipway.contracts.policy import ApprovalRules
    from slipway.domain.approval import DecisionForm
    from slipway.domain.approval_conditions import AllowedConditions
    from slipway.usecases.ports import EventBus, Ledger, LinkSigner, ModelRegistry, Reports, TaskTokens
    from slipway.usecases.take_decision import Taken

_log: Final = logging.getLogger(__name__)


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
    rules: Mapping[str, ApprovalRules] = MappingProxyType({}),
    allowed: AllowedConditions = ANY_CONDITIONS,
    source_ip: str = "",
    user_agent: str = "",
) -> WebAnswer:
    """
    Decide by a link and a form.

    Returns:
        200 when this form decided, or counts as one of two approvals; 409 when
        somebody had decided before, or approves twice, or under other conditions
        than who approved before, or approves what another version serves in place of
        by now; 410 when
        the time has passed or the release has ended; 422 with the form again when
        something in it is missing or wrong; 404 for a link that is not ours.
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
    problems = form.problems(record["version"], allowed)
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
    if form.decision == "approved" and (successor or is_changed(record, digest)):
        return superseded_answer(record, successor) if successor else outdated_answer(record)
    decision = form.decided(approver, now, source_ip=source_ip, user_agent=user_agent)
    taken, record = take_decision(record, decision, approvals=ledger, now=now)
    if taken == "decides":
        return _deliver(record, ledger=ledger, tokens=tokens, registry=registry, events=events, now=now)
    if taken == "counts":
        _announce(record, decision, events)
    return _not_yet(taken, record, approver)


def _not_yet(taken: Taken, record: ApprovalRecord, approver: str) -> WebAnswer:
    """To a form that did not decide."""
    if taken == "late":
        return already_decided_answer(record)
    if taken == "differs":
        return differing_answer(record)
    return counted_answer(record, approver, repeated=taken == "repeats")


def _announce(record: ApprovalRecord, decision: ApprovalDecision, events: EventBus) -> None:
    try:
        events.emit(
            APPROVAL_GIVEN,
            {
                "environment": record["environment"],
                "release_id": release_of(record),
                "project": record["project"],
                "model": record["model"],
                "version": record["version"],
                "approver": decision["decided_by"],
                "reason": decision["decision_reason"],
                "conditions": conditions_in_words(decision.get("conditions")),
                "given": len(standing_approvals(record)),
                "persons": record.get("persons", 1),
            },
        )
    except Exception:  # noqa: BLE001 - it counts all the same, and the page shows it
        _log.exception("approval not announced", extra={"release_id": record["release_id"]})


def _deliver(
    decided: ApprovalRecord,
    *,
    ledger: Ledger,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
) -> WebAnswer:
    try:
        delivery = deliver_decision(
            decided, ledger=ledger, tokens=tokens, registry=registry, events=events, now=now
        )
    except Exception:  # noqa: BLE001 - it stands in the ledger, and the sweep sends it again
        _log.exception("decision recorded but not delivered", extra={"release_id": decided["release_id"]})
        return recorded_answer(decided, delivery="later")
    return recorded_answer(decided, delivery=delivery)
