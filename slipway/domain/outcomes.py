"""What an ended release means, from the document that its execution ended with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from slipway.contracts.ledger import ReleaseStatus, VersionApproval


class Outcome(NamedTuple):
    """
    How a release ended.

    Attributes:
        status: Its last one.
        reason: Why it did not deploy; empty: it did.
        approval: What becomes of the version that still waited for approval.
        metrics: The challenger's, as they were judged; empty: nothing was.
    """

    status: ReleaseStatus
    reason: str
    approval: VersionApproval
    metrics: Mapping[str, float]


def outcome_of(document: Mapping[str, Any]) -> Outcome:
    """
    The outcome of an execution that succeeded: it deployed, or it ended as it should without.

    >>> outcome_of({"verdict": {"accepted": False, "summary": "mae is 61, needs <= 60"}}).status
    'not-accepted'
    """
    verdict = document.get("verdict") or {}
    metrics = verdict.get("challenger") or {}
    if document.get("endpoint"):
        return Outcome("deployed", "", "approved", metrics)
    if trial := document.get("trial"):
        # it was approved to be tried, and stays so: somebody may promote it by hand
        status: ReleaseStatus = "rejected" if trial.get("status") == "rejected" else "stopped"
        return Outcome(status, f"its trial: {trial.get('reason', '')}", "approved", metrics)
    approval = document.get("approval") or {}
    match approval.get("decision"):
        case "rejected":
            return Outcome("rejected", _decided(approval), "rejected", metrics)
        case "expired":
            return Outcome("expired", "nobody decided in time", "expired", metrics)
    return Outcome("not-accepted", str(verdict.get("summary", "")), "abandoned", metrics)


def _decided(approval: Mapping[str, Any]) -> str:
    reason = approval.get("reason")
    return (
        f"{approval.get('approver', 'somebody')}: {reason}" if reason else str(approval.get("approver", ""))
    )
