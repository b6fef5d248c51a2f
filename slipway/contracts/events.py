"""
The platform's own events on the default event bus.

Every detail is a JSON object that holds at least the keys of ``NoticeDetail``;
each kind adds its own, named beside it here.
"""

from __future__ import annotations

from typing import Final, TypedDict

SOURCE: Final = "slipway"

RELEASE_REFUSED: Final = "Release Refused"
"""+ ``reason``, ``repository``, ``tag``, ``digest``."""
RELEASE_STARTED: Final = "Release Started"
"""+ ``cause``, ``execution_arn``."""
RELEASE_JUDGED: Final = "Release Judged"
"""+ ``verdict`` (contracts.release.Verdict), ``evaluation``, ``training``."""
APPROVAL_REQUESTED: Final = "Approval Requested"
"""+ ``approvers``, ``expires_at`` (ISO 8601), ``summary``, ``numbers`` (label and text), ``report_digest``,
``request_id`` (the release's, or the trial's that proposes it); never a link: those go by e-mail."""
APPROVAL_GIVEN: Final = "Approval Given"
"""+ ``approver``, ``reason``, ``conditions`` (in words; empty: none),
``given`` (how many approve by now), ``persons`` (how many must)."""
APPROVAL_DECIDED: Final = "Approval Decided"
"""+ ``decision`` (approved, rejected or expired), ``approver``, ``reason``, ``conditions`` (in words; empty:
none), ``undeliverable``, ``asked`` (addresses)."""
ENDPOINT_IN_SERVICE: Final = "Endpoint In Service"
"""+ ``endpoint`` (contracts.promotion.EndpointSummary): the version is its champion, alone."""
ENDPOINT_CHANGED: Final = "Endpoint Changed"
"""+ ``endpoint``: any other action than ``serve``, which it names with the whole layout."""
RELEASE_FAILED: Final = "Release Failed"
"""+ ``step``, ``error``, ``cause``, ``log_url``, ``next_action``, ``execution_arn``."""
PACKAGE_SET_BACK: Final = "Package Set Back"
"""+ ``found``, ``wanted`` (ModelApprovalStatus), ``who``, ``reason``, ``package_arn``."""
VERSION_WITHDRAWN: Final = "Version Withdrawn"
"""+ ``who``, ``reason``, ``serves`` (whether the alias ``champion`` names it), ``package_arn``."""
ENDPOINT_IDLE: Final = "Endpoint Idle"
"""+ ``endpoint`` (name), ``idle_since``, ``stops_at`` (ISO 8601; empty: it is not stopped),
``usd_per_month`` (None: not known)."""
ENDPOINT_ALARM: Final = "Endpoint Alarm"
"""+ ``alarm`` (its name), ``state`` (ALARM or OK), ``what``, ``reason`` (CloudWatch's), ``runbook``."""

TRIAL_STARTED: Final = "Trial Started"
"""+ ``trial_id``, ``kind`` (ab or shadow), ``champion``, ``settings``, ``actor``."""
TRIAL_ENDED: Final = "Trial Ended"
"""+ ``trial_id``, ``kind``, ``champion``, ``status`` (contracts.ledger.TrialStatus), ``word``, ``reason``."""

KINDS: Final = (
    RELEASE_REFUSED,
    RELEASE_STARTED,
    RELEASE_JUDGED,
    APPROVAL_REQUESTED,
    APPROVAL_GIVEN,
    APPROVAL_DECIDED,
    ENDPOINT_IN_SERVICE,
    ENDPOINT_CHANGED,
    RELEASE_FAILED,
    PACKAGE_SET_BACK,
    VERSION_WITHDRAWN,
    ENDPOINT_IDLE,
    ENDPOINT_ALARM,
    TRIAL_STARTED,
    TRIAL_ENDED,
)


class NoticeDetail(TypedDict):
    """What every event of the platform says of itself."""

    environment: str
    release_id: str
    project: str
    model: str
    version: str
