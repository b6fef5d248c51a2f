"""Says on the event bus that a decision is wanted: chat hears of it by this."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from slipway.contracts.events import APPROVAL_REQUESTED
from slipway.domain.approval import release_of
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from slipway.contracts.ledger import ApprovalRecord
    from slipway.domain.evidence import Evidence
    from slipway.usecases.ports import EventBus

_log: Final = logging.getLogger(__name__)


def announce_request(record: ApprovalRecord, evidence: Evidence, events: EventBus) -> None:
    """Tell of a pending request; that it can't be told is no error: the approvers have been mailed."""
    try:
        events.emit(
            APPROVAL_REQUESTED,
            {
                "environment": record["environment"],
                "release_id": release_of(record),
                "request_id": record["release_id"],
                "project": record["project"],
                "model": record["model"],
                "version": record["version"],
                "approvers": list(record["approvers"]),
                "expires_at": timestamp(datetime.fromtimestamp(record["expires_at_epoch"], UTC)),
                "summary": evidence.summary,
                "numbers": [list(pair) for pair in evidence.numbers()],
                "report_digest": record.get("report_digest", ""),
            },
        )
    except Exception:  # noqa: BLE001 - see above
        _log.exception("approval request not announced", extra={"release_id": record["release_id"]})
