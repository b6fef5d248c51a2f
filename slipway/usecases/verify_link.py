"""Is this link ours, and what does it open? The same question for looking and for deciding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.domain.approval import may_approve
from slipway.domain.approval_link import ApprovalLink
from slipway.domain.approval_page import expired_answer
from slipway.domain.web_page import WebAnswer, unknown_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.usecases.ports import Approvals, LinkSigner

_NOBODY: Final = "0" * 64
"""Stands for the nonce of somebody who is no approver, so that a refusal takes as long as any other."""


def verify_link(
    release_id: str,
    raw_query: str,
    *,
    approvals: Approvals,
    approvers: Mapping[str, Sequence[str]],
    signer: LinkSigner,
    now: datetime,
) -> tuple[ApprovalRecord, str] | WebAnswer:
    """
    The record and the approver that a link is for, or the answer that refuses it.

    Args:
        release_id: The path's parameter.
        raw_query: The query string as it arrived.
        approvals: Are read, never written.
        approvers: The environment's as they are today, by project: who was removed has no link any more.
        signer: Says whether the signature is ours.
        now: Decides whether the link has expired.

    Returns:
        404, the same for every link that is not ours; 410 for one whose time has
        passed; else the release's approval, decided or not.
    """
    link = ApprovalLink.parse(release_id, raw_query)
    if link is None:
        return unknown_answer()
    claims = link.claims
    record = approvals.get_approval(release_id)
    nonce = record["approvers"].get(claims.approver) if record is not None else None
    digest = record["image_digest"] if record is not None else ""
    message = claims.canonical(
        image_digest=digest,
        nonce=nonce or _NOBODY,
        report_digest=record.get("report_digest", "") if record is not None else "",
    )
    # asked in every case: how long an answer takes must not tell which part was wrong
    genuine = signer.verify(message, link.mac)
    if record is None or nonce is None or not genuine or claims.key != signer.key:
        return unknown_answer()
    if not may_approve(approvers, record["project"], claims.approver):
        return unknown_answer()
    if now.timestamp() >= claims.expires_at:
        return expired_answer(record)
    return record, claims.approver
