"""What becomes of one person's decision, whichever way it came: recorded and told, or why not."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from slipway.contracts.events import APPROVAL_GIVEN
from slipway.domain.approval import release_of
from slipway.domain.approval_conditions import conditions_in_words
from slipway.domain.approval_rules import is_changed, standing_approvals
from slipway.usecases.deliver_decision import deliver_decision
from slipway.usecases.take_decision import take_decision

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord
    from slipway.usecases.ports import EventBus, Ledger, ModelRegistry, TaskTokens

_log: Final = logging.getLogger(__name__)

How = Literal[
    "delivered", "later", "undeliverable", "counts", "repeats", "differs", "superseded", "outdated", "late"
]
"""
The first three: it decided, and the execution knows, will know, or had ended. ``counts``: more must approve.
The others changed nothing: this person had approved, or others under other conditions; another version serves
by now; the report was changed; it was decided, expired or asked anew before.
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it, and the record as it stands."""

    how: How
    record: ApprovalRecord
    successor: str = ""
    """With ``superseded``: the version that serves."""


def settle_decision(
    record: ApprovalRecord,
    decision: ApprovalDecision,
    *,
    successor: str,
    report_digest: str,
    ledger: Ledger,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
) -> Settled:
    """
    Take a decision of somebody who may decide.

    Args:
        record: As it was when its evidence was shown.
        decision: Approved or rejected.
        successor: The version that came to serve since the evidence was gathered; empty: none.
        report_digest: Of the report as it is now.
        ledger: Gets the decision first.
        tokens: The waiting execution.
        registry: The model package.
        events: People are told by these.
        now: When it was taken.
    """
    if record["status"] != "pending":
        return Settled("late", record)
    if decision["status"] == "approved" and successor:
        return Settled("superseded", record, successor)
    if decision["status"] == "approved" and is_changed(record, report_digest):
        return Settled("outdated", record)
    taken, record = take_decision(record, decision, approvals=ledger, now=now)
    if taken == "counts":
        _announce(record, decision, events)
    if taken != "decides":
        return Settled(taken, record)
    try:
        delivery = deliver_decision(
            record, ledger=ledger, tokens=tokens, registry=registry, events=events, now=now
        )
    except Exception:  # noqa: BLE001 - it stands in the ledger, and the sweep sends it again
        _log.exception("decision recorded but not delivered", extra={"release_id": record["release_id"]})
        delivery = "later"
    return Settled(delivery, record)


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
