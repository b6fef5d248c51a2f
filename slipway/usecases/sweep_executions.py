"""
Events of ended executions may be lost, and the event bus may take none for a while.

So find releases that only the ledger believes to be running, and failures that nobody was told of.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.contracts.ledger import OPEN_STATUSES
from slipway.domain.telling import told_of
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.usecases.ports import Clock, Executions, Releases
    from slipway.usecases.record_outcome import OutcomeRecording

MONTHS: Final = 3
"""As far back as a release may have begun that still waits for somebody."""

UNTOLD: Final = timedelta(days=2)
"""Who did not hear of a failure by then has found out otherwise."""


def sweep_executions(
    *, ledger: Releases, executions: Executions, recording: OutcomeRecording, clock: Clock
) -> list[str]:
    """Record what has ended, and tell what was not told; returns ``release id: status`` of each recorded."""
    recorded = []
    now = clock()
    for record in _recent(ledger, now):
        if _failed_unheard(record, ledger, now):
            recording.record_outcome(record["execution_arn"])
            continue
        if record["status"] not in OPEN_STATUSES:
            continue
        arn = record.get("execution_arn")
        if arn is None:
            continue  # claimed and never started: the sweep of pushes starts it
        execution = executions.describe(arn)
        if execution is not None and execution.ended:
            status = recording.record_outcome(arn)
            if status:
                recorded.append(f"{record['release_id']}: {status}")
    return recorded


def _failed_unheard(record: ReleaseRecord, ledger: Releases, now: datetime) -> bool:
    ended_at = record.get("ended_at", "")
    if record["status"] != "failed" or "execution_arn" not in record or ended_at < timestamp(now - UNTOLD):
        return False
    held = ledger.release(record["release_id"])  # lists leave out who was told
    return held is not None and told_of(held, ended_at, now) == "not told"


def _recent(ledger: Releases, now: datetime) -> Iterator[ReleaseRecord]:
    month = now
    for _ in range(MONTHS):
        yield from ledger.releases_of_month(f"{month:%Y-%m}")
        month = month.replace(day=1) - timedelta(days=1)
