"""
Carries a recorded decision to all who wait for it; may be repeated until it has arrived everywhere.

The ledger has the decision before anybody is told: what is lost on the way is sent again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from slipway.contracts.events import APPROVAL_DECIDED
from slipway.contracts.names import CHAMPION
from slipway.domain.approval import output_of, release_of, sentence_of
from slipway.domain.approval_conditions import conditions_in_words
from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.usecases.ports import EventBus, Ledger, ModelRegistry, TaskTokens

Delivered = Literal["delivered", "undeliverable", "later"]

_SURELY_RECORDED: Final = timedelta(minutes=1)
"""By then the end of an execution has reached the ledger."""
_ENDED_WITHOUT_US: Final = ("expired", "stopped", "failed")
_TRIAL_ENDED_WITHOUT_US: Final = ("stopped", "superseded", "failed")
MAX_DESCRIPTION: Final = 1024
"""Characters of a model package's approval description."""


def deliver_decision(
    record: ApprovalRecord,
    *,
    ledger: Ledger,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
) -> Delivered:
    """
    Tell the registry, the execution and the event bus, in this order.

    The model package comes before the execution, because the promotion that
    follows refuses a package that nobody has approved. Where the release turns out
    to have ended, an approval is taken back.

    Args:
        record: Decided: approved, rejected or expired.
        ledger: Gets the version's and the release's status, and what has arrived.
        tokens: The waiting execution.
        registry: The model package.
        events: The notices follow from it.
        now: How long ago the decision was made tells what a dead token means.

    Returns:
        ``later``: the execution did not take it, and it isn't known yet why; ask again.
    """
    if record["status"] == "pending":
        return "later"
    if not record["delivered"]:
        outcome = _deliver(record, ledger=ledger, tokens=tokens, registry=registry, now=now)
        if outcome == "later":
            return outcome
        if outcome == "undeliverable" and "trial" not in record:
            _take_back(record, ledger=ledger, registry=registry)
        ledger.mark_delivered(record["release_id"], undeliverable=outcome == "undeliverable")
    else:
        outcome = "undeliverable" if record.get("undeliverable") else "delivered"
    events.emit(
        APPROVAL_DECIDED,
        {
            "environment": record["environment"],
            "release_id": release_of(record),
            "project": record["project"],
            "model": record["model"],
            "version": record["version"],
            "decision": record["status"],
            "approver": record.get("decided_by", ""),
            "reason": record.get("decision_reason", ""),
            "conditions": conditions_in_words(record.get("conditions")),
            "undeliverable": outcome == "undeliverable",
            "asked": list(record["approvers"]),
        },
    )
    ledger.mark_settled(record["release_id"])
    return outcome


def _deliver(
    record: ApprovalRecord, *, ledger: Ledger, tokens: TaskTokens, registry: ModelRegistry, now: datetime
) -> Delivered:
    if record["status"] != "expired" and _ended_without_us(record, ledger):
        return "undeliverable"
    if "trial" not in record:  # its version was approved before it was tried
        _tell_registry(record, ledger=ledger, registry=registry)
    return _tell_execution(record, ledger=ledger, tokens=tokens, now=now)


def _take_back(record: ApprovalRecord, *, ledger: Ledger, registry: ModelRegistry) -> None:
    """What nobody promotes is not approved: its package can't serve, its number may be used again."""
    at = record.get("decided_at", "")
    subject = record["project"], record["model"], record["version"]
    release_id = record["release_id"]
    ledger.withdraw_version_approval(*subject, release_id=release_id, at=at)
    ledger.set_version_approval(*subject, release_id=release_id, approval="abandoned", approver="", at=at)
    if record["package_arn"]:
        description = f"{sentence_of(record)} The release had ended before."
        registry.set_approval(record["package_arn"], "Rejected", description[:MAX_DESCRIPTION])


def _tell_registry(record: ApprovalRecord, *, ledger: Ledger, registry: ModelRegistry) -> None:
    decision = output_of(record)
    ledger.set_version_approval(
        record["project"],
        record["model"],
        record["version"],
        release_id=record["release_id"],
        approval=decision["decision"],
        approver=decision["approver"],
        at=decision["decided_at"],
        reason=decision["reason"],
    )
    if record["package_arn"]:
        status = "Approved" if record["status"] == "approved" else "Rejected"
        description = f"{sentence_of(record)} {decision['reason']}".strip()
        registry.set_approval(record["package_arn"], status, description[:MAX_DESCRIPTION])


def _tell_execution(
    record: ApprovalRecord, *, ledger: Ledger, tokens: TaskTokens, now: datetime
) -> Delivered:
    # an execution stops waiting for an expired request by itself
    if record["status"] == "expired" or _send(record, ledger=ledger, tokens=tokens):
        return "delivered"
    return _meaning_of_dead_token(record, ledger=ledger, now=now)


def _send(record: ApprovalRecord, *, ledger: Ledger, tokens: TaskTokens) -> bool:
    token = ledger.approval_token(record["release_id"])
    if tokens.succeed(token, output_of(record)):
        return True
    newer = ledger.approval_token(record["release_id"])
    # the task was tried again while we were sending: the new attempt waits for the same decision
    return newer != token and tokens.succeed(newer, output_of(record))


def _meaning_of_dead_token(record: ApprovalRecord, *, ledger: Ledger, now: datetime) -> Delivered:
    """A token is dead when the execution has ended without us, but also when an earlier try did arrive."""
    if _ended_without_us(record, ledger):
        return "undeliverable"
    decided = moment_of(record.get("decided_at", ""))
    return "delivered" if now - decided > _SURELY_RECORDED else "later"


def _ended_without_us(record: ApprovalRecord, ledger: Ledger) -> bool:
    if "trial" in record:
        trial = ledger.trial(record["project"], record["model"], record["release_id"])
        return trial is not None and trial["status"] in _TRIAL_ENDED_WITHOUT_US
    release = ledger.release(record["release_id"])
    if release is None or release["status"] not in _ENDED_WITHOUT_US:
        return False
    # a promotion that failed after its version came to serve had got the decision
    champion = ledger.alias(record["project"], record["model"], CHAMPION)
    return champion is None or champion["version"] != record["version"]
