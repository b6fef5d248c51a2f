"""Sees to requests that wait: reminds, asks the second list, and asks anew when the report was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.domain.approval_rules import (
    escalation_is_due,
    escalation_of,
    has_approved,
    may_decide,
    reminder_is_due,
    rules_for,
)
from slipway.domain.timestamps import timestamp
from slipway.usecases.announce_request import announce_request
from slipway.usecases.read_evidence import read_report_and_digest
from slipway.usecases.tell_approvers import nonces, tell_approvers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.contracts.policy import ApprovalRules
    from slipway.domain.approval_mail import Occasion
    from slipway.domain.evidence import Evidence
    from slipway.usecases.ports import Approvals, EventBus, LinkSigner, Mailer, Reports


@dataclass(frozen=True, slots=True)
class AskAgain:
    """What it needs; ``approvers`` and ``rules`` are the environment's as they are today, by project."""

    approvals: Approvals
    signer: LinkSigner
    mailer: Mailer
    reports: Reports
    events: EventBus
    approvers: Mapping[str, Sequence[str]]
    rules: Mapping[str, ApprovalRules]
    base_url: str

    def ask_again(self, record: ApprovalRecord, now: datetime) -> None:
        """
        Do what is due for one pending request; each thing once for every time that approval is asked for.

        What was noted before a message could be sent is sent by the next call.
        """
        rules, at = rules_for(self.rules, record["project"]), timestamp(now)
        release_id, redrive = record["release_id"], record["redrive"]
        evidence, digest = read_report_and_digest(record["report_uri"], self.reports)
        was = record.get("report_digest", "")
        renewed = (
            was
            and digest
            and digest != was
            and self.approvals.renew_report(release_id, digest, was=was, found_at=at)
        )
        if escalation_is_due(record, rules, now.timestamp()):
            more = nonces(escalation_of(rules))
            self.approvals.note_escalation(release_id, more, redrive=redrive, at=at)
        record = self.approvals.get_approval(release_id) or record
        if record["status"] != "pending":
            return
        if renewed:
            announce_request(record, evidence, self.events)
        if record.get("report_changes") or record.get("escalated") == redrive:
            self._tell(record, evidence, [one for one in record["approvers"] if not _told(record, one)])
        if reminder_is_due(record, rules, now.timestamp()):
            open_ = [one for one in record["approvers"] if not has_approved(record, one)]
            self._tell(record, evidence, open_, occasion="reminder")
            self.approvals.note_reminder(release_id, redrive=redrive, at=at)

    def _tell(
        self,
        record: ApprovalRecord,
        evidence: Evidence,
        addresses: Sequence[str],
        occasion: Occasion = "asked",
    ) -> None:
        allowed = [
            address
            for address in addresses
            if may_decide(record, address, approvers=self.approvers, rules=self.rules)
        ]
        if allowed:
            tell_approvers(
                record,
                evidence,
                approvals=self.approvals,
                signer=self.signer,
                mailer=self.mailer,
                base_url=self.base_url,
                to=allowed,
                occasion=occasion,
            )


def _told(record: ApprovalRecord, address: str) -> bool:
    return record["told"].get(address, -1) >= record["redrive"]
