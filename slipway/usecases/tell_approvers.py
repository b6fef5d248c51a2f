"""Tells approvers that their decision is wanted, each by a message with a link of their own."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Final

from slipway.domain.approval_link import ApprovalLink, LinkClaims, nonce_hash
from slipway.domain.approval_mail import approval_subject, approval_text
from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.domain.approval_mail import Occasion
    from slipway.domain.evidence import Evidence
    from slipway.usecases.ports import Approvals, LinkSigner, Mailer

_log: Final = logging.getLogger(__name__)
_NONCE_BYTES: Final = 16


class ApproversNotToldError(SlipwayError):
    """No message could be sent, so nobody would decide."""

    def __init__(self, release_id: str, approvers: Sequence[str], cause: str) -> None:
        super().__init__(
            f"release {release_id}: none of its approvers ({', '.join(approvers)}) could be told: {cause}; "
            "see that the notice topic can be published to, then retry the release"
        )
        self.release_id, self.approvers, self.cause = release_id, tuple(approvers), cause


def nonces(addresses: Iterable[str]) -> dict[str, str]:
    """Address to the hash of a nonce that is kept nowhere."""
    return {address: nonce_hash(secrets.token_bytes(_NONCE_BYTES)) for address in addresses}


def approval_url(record: ApprovalRecord, approver: str, *, signer: LinkSigner, base_url: str) -> str:
    """An approver's link to a record that is pending; the same every time."""
    claims = LinkClaims(record["release_id"], approver, record["expires_at_epoch"], signer.key)
    message = claims.canonical(
        image_digest=record["image_digest"],
        nonce=record["approvers"][approver],
        report_digest=record.get("report_digest", ""),
    )
    return ApprovalLink(claims, signer.sign(message)).url(base_url)


def tell_approvers(
    record: ApprovalRecord,
    evidence: Evidence,
    *,
    approvals: Approvals,
    signer: LinkSigner,
    mailer: Mailer,
    base_url: str,
    to: Sequence[str] | None = None,
    occasion: Occasion = "asked",
) -> tuple[list[str], list[str]]:
    """
    Send each of them one message.

    Args:
        record: What is asked, as it stands in the ledger.
        evidence: What it rests on.
        approvals: Keeps who was told.
        signer: Signs the links.
        mailer: Sends.
        base_url: Of the approval page.
        to: Whom; None: all who have not been told since approval was asked for last.
        occasion: Why they are written to.

    Returns:
        Who was told, and who could not be.

    Raises:
        ApproversNotToldError: Not one approver could be told.
    """
    release_id, redrive = record["release_id"], record["redrive"]
    told: list[str] = []
    not_told: list[str] = []
    cause = ""
    untold = [address for address in record["approvers"] if record["told"].get(address, -1) < redrive]
    for approver in untold if to is None else to:
        try:
            url = approval_url(record, approver, signer=signer, base_url=base_url)
            mailer.send(
                approver,
                approval_subject(record, evidence, approver, occasion=occasion),
                approval_text(record, evidence, approver, url, occasion=occasion),
            )
        except Exception as error:  # noqa: BLE001 - any one of the others can decide
            _log.exception("approver not told", extra={"release_id": release_id, "approver": approver})
            not_told.append(approver)
            cause = f"{type(error).__name__}: {error}"
        else:
            approvals.mark_told(release_id, approver, redrive)
            told.append(approver)
    if not_told == list(record["approvers"]):
        raise ApproversNotToldError(release_id, not_told, cause)
    return told, not_told
