"""
Promotions whose end was lost, found where no release points to them: by hand, rollbacks, stops, nested ones.

Who holds a lease and has ended keeps everybody else from the endpoint, and a failure that nobody recorded was
told to nobody. Every endpoint's lease is looked at, and every failure of the promote machine of late.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.domain.telling import told_of
from slipway.domain.timestamps import timestamp
from slipway.usecases.sweep_executions import UNTOLD

if TYPE_CHECKING:
    from slipway.domain.execution import Execution
    from slipway.usecases.ports import Clock, Executions, Ledger
    from slipway.usecases.record_outcome import OutcomeRecording

FAILED: Final = ("FAILED", "TIMED_OUT", "ABORTED")
LONGEST: Final = timedelta(days=3)
"""No promotion takes longer than the promote machine's time-out."""


def sweep_promotions(
    *, ledger: Ledger, executions: Executions, recording: OutcomeRecording, clock: Clock
) -> list[str]:
    """
    Give back leases of ended promotions, record failures and tell them.

    Returns:
        ``<endpoint>: lease of <execution>`` of each that was given back, and ``<execution>: <status>`` of
        each that was recorded.
    """
    return [
        *_leases(ledger, executions, recording),
        *_failures(ledger, executions, recording, clock),
    ]


def _leases(ledger: Ledger, executions: Executions, recording: OutcomeRecording) -> list[str]:
    freed = []
    for project, model in ledger.models():
        endpoint = names.endpoint(recording.resource_prefix, project, model)
        # Read before its owner is: who takes it (again) after that has another fence.
        lease = ledger.lease(endpoint)
        if lease is None:
            continue
        owner = executions.describe(lease["owner"])
        if owner is not None and not owner.ended:
            continue
        if owner is not None:
            recording.record_outcome(owner.arn)
        ledger.end_lease(endpoint, lease["owner"], fence=lease["fence"])
        freed.append(f"{endpoint}: lease of {lease['owner'].rsplit(':', 1)[-1]}")
    return freed


def _failures(ledger: Ledger, executions: Executions, recording: OutcomeRecording, clock: Clock) -> list[str]:
    recorded = []
    oldest = timestamp(clock() - UNTOLD)
    for summary in executions.since(recording.promote_machine_arn, clock() - UNTOLD - LONGEST):
        if summary.status not in FAILED or summary.ended_at < oldest:
            continue
        execution = executions.describe(summary.arn)
        if execution is not None and _unheard(execution, ledger, clock):
            status = recording.record_outcome(execution.arn)
            if status:
                recorded.append(f"{execution.name}: {status}")
    return recorded


def _unheard(execution: Execution, ledger: Ledger, clock: Clock) -> bool:
    """Whether its end is not recorded, or was not told; a release tells of what it began itself."""
    request: dict[str, Any] = execution.document.get("request", {})
    if not request or request.get("cause") == "approval":
        return False
    held = ledger.promotion(request["project"], request["model"], execution.arn)
    if held is None or held["ended_at"] != execution.ended_at:
        return True
    return held["status"] == "failed" and told_of(held, execution.ended_at, clock()) == "not told"
