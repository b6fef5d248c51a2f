"""Records what one person decided: alone it decides, or it counts until enough have approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

from slipway.domain.approval_rules import personal, step_of

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord
    from slipway.usecases.ports import Approvals

Taken = Literal["decides", "counts", "repeats", "differs", "late"]
_TRIES: Final = 8
"""More people than may decide at once on one release; each failed try means that another one succeeded."""


def take_decision(
    record: ApprovalRecord, decision: ApprovalDecision, *, approvals: Approvals, now: datetime
) -> tuple[Taken, ApprovalRecord]:
    """
    Write a decision so that of all that come at once exactly one decides.

    Args:
        record: As it was when its evidence was shown.
        decision: Approved or rejected.
        approvals: Are written once at most.
        now: Must be before the request expires.

    Returns:
        ``decides``, ``counts`` (more must approve), ``repeats`` (this person approved before), ``differs``
        (others approved under other conditions), or ``late`` (decided, expired, or asked anew meanwhile),
        with the record as it stands then.
    """
    release_id, epoch = record["release_id"], int(now.timestamp())
    asked = record["redrive"], record.get("report_digest", "")
    for _ in range(_TRIES):
        if record["status"] != "pending":
            break
        step = step_of(record, decision)
        if step in ("repeats", "differs"):
            return step, record
        person, before = personal(record, decision), record.get("decisions", [])
        written = (
            approvals.decide_approval(release_id, decision, now_epoch=epoch, person=person, after=len(before))
            if step == "decides"
            else approvals.note_decision(release_id, person, now_epoch=epoch, after=len(before))
        )
        if written:
            ended = dict(decision) if step == "decides" else {}
            return step, cast("ApprovalRecord", {**record, **ended, "decisions": [*before, person]})
        record = approvals.get_approval(release_id) or record
        if (record["redrive"], record.get("report_digest", "")) != asked:
            break
    return "late", record
