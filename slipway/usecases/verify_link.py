"""Is this link ours, and what does it open? The same question for looking and for deciding."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from slipway.domain.approval_link import ApprovalLink
from slipway.domain.approval_page import expired_answer, outdated_answer
from slipway.domain.approval_rules import may_decide
from slipway.domain.web_page import WebAnswer, unknown_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.contracts.policy import ApprovalRules
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
    rules: Mapping[str, ApprovalRules] = MappingProxyType({}),
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
        rules: The environment's as they are today, by project: they name the second list.

    Returns:
        404, the same for every link that is not ours; 409 for one to a report that
        was changed since, of which another link was sent; 410 for one whose time has
        passed; else the release's approval, decided or not.
    """
    link = ApprovalLink.parse(release_id, raw_query)
    if link is None:
        return unknown_answer()
    claims = link.claims
    record = approvals.get_approval(release_id)
    nonce = record["approvers"].get(claims.approver) if record is not None else None
    digest = record["image_digest"] if record is not None else ""

    def is_for(report_digest: str) -> bool:
        message = claims.canonical(image_digest=digest, nonce=nonce or _NOBODY, report_digest=report_digest)
        return signer.verify(message, link.mac)

    # asked in every case: how long an answer takes must not tell which part was wrong
    genuine = is_for(record.get("report_digest", "") if record is not None else "")
    former = record.get("report_changes", []) if record is not None and not genuine else []
    outdated = any(is_for(change["report_digest"]) for change in former)
    genuine = genuine or outdated
    if record is None or nonce is None or not genuine or claims.key != signer.key:
        return unknown_answer()
    if not may_decide(record, claims.approver, approvers=approvers, rules=rules):
        return unknown_answer()
    if now.timestamp() >= claims.expires_at:
        return expired_answer(record)
    if outdated and record["status"] == "pending":
        return outdated_answer(record)
    return record, claims.approver
