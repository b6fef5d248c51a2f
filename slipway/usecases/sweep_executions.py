"""Events of ended executions may be lost: find releases that only the ledger believes to be running."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.contracts.ledger import OPEN_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.usecases.ports import Clock, Executions, Releases
    from slipway.usecases.record_outcome import OutcomeRecording

MONTHS: Final = 3
"""As far back as a release may have begun that still waits for somebody."""


def sweep_executions(
    *, ledger: Releases, executions: Executions, recording: OutcomeRecording, clock: Clock
) -> list[str]:
    """Record what has ended; returns ``release id: status`` of each."""
    recorded = []
    for record in _open(ledger, clock()):
        arn = record.get("execution_arn")
        if arn is None:
            continue  # claimed and never started: the sweep of pushes starts it
        execution = executions.describe(arn)
        if execution is not None and execution.ended:
            status = recording.record_outcome(arn)
            if status:
                recorded.append(f"{record['release_id']}: {status}")
    return recorded


def _open(ledger: Releases, now: datetime) -> Iterator[ReleaseRecord]:
    month = now
    for _ in range(MONTHS):
        for record in ledger.releases_of_month(f"{month:%Y-%m}"):
            if record["status"] in OPEN_STATUSES:
                yield record
        month = month.replace(day=1) - timedelta(days=1)
