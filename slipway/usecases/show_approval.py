"""Shows an approver the evidence; changes nothing, because mail scanners follow links."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from slipway.domain.approval import ANY_CONDITIONS
from slipway.domain.approval_page import evidence_answer
from slipway.domain.approval_rules import is_changed
from slipway.domain.web_page import WebAnswer
from slipway.usecases.find_successor import find_successor
from slipway.usecases.read_evidence import read_plots, read_report_and_digest
from slipway.usecases.verify_link import verify_link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.policy import ApprovalRules
    from slipway.domain.approval_conditions import AllowedConditions
    from slipway.usecases.ports import Ledger, LinkSigner, Reports


def show_approval(
    release_id: str,
    raw_query: str,
    *,
    ledger: Ledger,
    approvers: Mapping[str, Sequence[str]],
    signer: LinkSigner,
    reports: Reports,
    now: datetime,
    rules: Mapping[str, ApprovalRules] = MappingProxyType({}),
    allowed: AllowedConditions = ANY_CONDITIONS,
) -> WebAnswer:
    """
    The page for one link.

    Returns:
        200 with the evidence, and with the form while nobody has decided; 404 and
        410 as ``verify_link`` says.
    """
    opened = verify_link(
        release_id,
        raw_query,
        approvals=ledger,
        approvers=approvers,
        signer=signer,
        now=now,
        rules=rules,
    )
    if isinstance(opened, WebAnswer):
        return opened
    record, approver = opened
    evidence, digest = read_report_and_digest(record["report_uri"], reports)
    return evidence_answer(
        record,
        evidence,
        read_plots(record["report_uri"], evidence, reports),
        approver,
        successor=find_successor(record, ledger),
        changed=is_changed(record, digest),
        allowed=allowed,
    )
