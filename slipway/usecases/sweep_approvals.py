"""Finishes what was left behind: decisions that reached nobody, and requests whose time has passed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, cast

from slipway.domain.approval import expired_at
from slipway.domain.errors import SlipwayError
from slipway.usecases.deliver_decision import deliver_decision
from slipway.usecases.take_in_package import PackageIntake

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.usecases.ask_again import AskAgain
    from slipway.usecases.ports import EventBus, Ledger, ModelRegistry, TaskTokens

_log: Final = logging.getLogger(__name__)


class SweepIncompleteError(SlipwayError):
    """Some approvals could not be finished; the others were."""

    def __init__(self, failures: dict[str, str]) -> None:
        told = "; ".join(f"{release_id}: {problem}" for release_id, problem in sorted(failures.items()))
        super().__init__(
            f"{len(failures)} approvals could not be finished and are tried again by the next sweep ({told})"
        )
        self.failures = failures


def sweep_approvals(
    *,
    ledger: Ledger,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    asking: AskAgain,
    now: datetime,
) -> dict[str, int]:
    """
    Look once at every approval that isn't settled.

    One that was decided in SageMaker Studio, whose event was lost, is decided here. Of what is still pending,
    reminders and escalations that are due are sent, and people are asked anew about a changed report.

    Returns:
        How many were ``pending`` (and stay so), ``delivered``, ``undeliverable``,
        ``expired``, and left for ``later``.

    Raises:
        SweepIncompleteError: After all have been looked at, if any failed.
    """
    counts = dict.fromkeys(("pending", "delivered", "undeliverable", "expired", "later"), 0)
    failures = {}
    for record in ledger.pending_approvals():
        try:
            outcome = _sweep(record, ledger=ledger, tokens=tokens, registry=registry, events=events, now=now)
            if outcome == "pending":
                asking.ask_again(record, now)
            counts[outcome] += 1
        except Exception as error:  # noqa: BLE001 - the others must not wait for it; raised below
            _log.exception("approval not finished", extra={"release_id": record["release_id"]})
            failures[record["release_id"]] = f"{type(error).__name__}: {error}"
    if failures:
        raise SweepIncompleteError(failures)
    return counts


def _sweep(
    record: ApprovalRecord,
    *,
    ledger: Ledger,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
) -> str:
    if record["status"] == "pending":
        if now.timestamp() < record["expires_at_epoch"]:
            return _ask_registry(
                record, ledger=ledger, tokens=tokens, registry=registry, events=events, now=now
            )
        decision = expired_at(now)
        if not ledger.decide_approval(record["release_id"], decision, now_epoch=int(now.timestamp())):
            # somebody decided while we looked: their own call delivers it, or the next sweep
            return "later"
        record = cast("ApprovalRecord", {**record, **decision})
    outcome = deliver_decision(
        record, ledger=ledger, tokens=tokens, registry=registry, events=events, now=now
    )
    return "expired" if record["status"] == "expired" else outcome


def _ask_registry(
    record: ApprovalRecord,
    *,
    ledger: Ledger,
    tokens: TaskTokens,
    registry: ModelRegistry,
    events: EventBus,
    now: datetime,
) -> str:
    if not record["package_arn"]:
        return "pending"
    intake = PackageIntake(ledger=ledger, registry=registry, tokens=tokens, events=events, clock=lambda: now)
    outcome = intake.take_in_package(record["package_arn"], changed=())
    return "delivered" if outcome == "decided" else "pending"
