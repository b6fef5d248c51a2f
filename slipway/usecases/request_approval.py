"""Asks a release's approvers for a decision, each by a message with a link of their own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.approval import approved_automatically, approvers_of, expiry
from slipway.domain.approval_rules import is_automatic, persons_of, rules_for
from slipway.domain.evidence import Evidence, evidence_of_document
from slipway.domain.timestamps import timestamp
from slipway.usecases.announce_request import announce_request
from slipway.usecases.deliver_decision import deliver_decision
from slipway.usecases.read_evidence import read_report, read_report_and_digest
from slipway.usecases.take_decision import take_decision
from slipway.usecases.tell_approvers import nonces, tell_approvers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.contracts.policy import ApprovalRules
    from slipway.contracts.release import ApprovalRequest
    from slipway.usecases.ports import (
        EventBus,
        Ledger,
        LinkSigner,
        Mailer,
        ModelRegistry,
        Reports,
        TaskTokens,
    )

_log: Final = logging.getLogger(__name__)
NO_EVIDENCE: Final = Evidence({})


@dataclass(frozen=True, slots=True)
class Ports:
    """What the use case works with."""

    ledger: Ledger
    signer: LinkSigner
    mailer: Mailer
    reports: Reports
    events: EventBus
    tokens: TaskTokens
    registry: ModelRegistry


def request_approval(
    request: ApprovalRequest,
    *,
    ports: Ports,
    approvers: Mapping[str, Sequence[str]],
    base_url: str,
    now: datetime,
    rules: Mapping[str, ApprovalRules] = MappingProxyType({}),
) -> dict[str, Any]:
    """
    Record what is asked, and tell each approver once.

    A retry of the step brings a new task token: it replaces the one in the
    ledger, and only approvers who have not been told yet are told. A redrive asks
    all of them again. If somebody has decided already, the new token is left to
    the sweep, which hands the decision to it. Where the rules say so, nobody is
    asked: the release is approved at once, and the record says by what.

    Args:
        request: The release document so far, with the task token.
        ports: Ledger, key, mail, reports, events; tokens and package for what is approved automatically.
        approvers: The environment's, by project.
        base_url: Of the approval page, without a slash at its end.
        now: When approval is asked for.
        rules: The environment's, by project; missing: one person decides.

    Returns:
        ``{"release_id", "status", "told", "not_told"}``; the execution doesn't see it.

    Raises:
        NoApproversError: Nobody may approve this project here.
        TooFewApproversError: More must approve than may.
        ApproversNotToldError: Not one of them could be told.
    """
    wanted = _wanted(request, ports=ports, approvers=approvers, rules=rules, now=now)
    record = note_request(wanted, request["task_token"], ports.ledger)
    if record["status"] == "pending" and _is_automatic(request, record, rules):
        return _approve(record, ports=ports, now=now)
    return tell_of_request(
        record, ports=ports, base_url=base_url, otherwise=evidence_of_document(request["document"])
    )


def tell_of_request(
    record: ApprovalRecord, *, ports: Ports, base_url: str, otherwise: Evidence = NO_EVIDENCE
) -> dict[str, Any]:
    """
    Tell those approvers who were not told yet, of a release or of what a trial proposes.

    Args:
        record: As ``note_request`` left it.
        ports: Ledger, key, mail, reports, events.
        base_url: Of the approval page, without a slash at its end.
        otherwise: The evidence, where the report can't be read.

    Returns:
        As ``request_approval``.

    Raises:
        ApproversNotToldError: Not one of them could be told.
    """
    release_id = record["release_id"]
    if record["status"] != "pending":
        _log.warning("decided already", extra={"release_id": release_id, "status": record["status"]})
        return {"release_id": release_id, "status": record["status"], "told": [], "not_told": []}
    evidence = read_report(record["report_uri"], ports.reports)
    if not evidence.report:
        evidence = otherwise
    first = not any(redrive >= record["redrive"] for redrive in record["told"].values())
    told, not_told = tell_approvers(
        record,
        evidence,
        approvals=ports.ledger,
        signer=ports.signer,
        mailer=ports.mailer,
        base_url=base_url,
    )
    # not before: who sees a release waiting may look for the link at once
    if "trial" not in record:  # else it stays on trial
        ports.ledger.set_release_status(release_id, "awaiting-approval")
    if first:
        announce_request(record, evidence, ports.events)
    return {"release_id": release_id, "status": "pending", "told": told, "not_told": not_told}


def _wanted(
    request: ApprovalRequest,
    *,
    ports: Ports,
    approvers: Mapping[str, Sequence[str]],
    rules: Mapping[str, ApprovalRules],
    now: datetime,
) -> ApprovalRecord:
    """What the request asks of whom; who is asked counts when it is asked for the first time."""
    plan, redrive = request["document"]["plan"], request.get("redrive", 0)
    expires = expiry(now, plan["approval_timeout_seconds"])
    known = ports.ledger.get_approval(plan["release_id"])
    if known is not None:
        return {**known, "redrive": redrive, "expires_at_epoch": expires}
    persons = persons_of(rules_for(rules, plan["project"]), plan["manifest"])
    may = approvers_of(approvers, plan["project"], plan["environment"], persons=persons)
    record = _first_record(request, may, expires, redrive, now)
    record["persons"] = persons
    record["wait_seconds"] = expires - int(now.timestamp())
    record["report_digest"] = read_report_and_digest(record["report_uri"], ports.reports)[1]
    return record


def note_request(wanted: ApprovalRecord, token: str, ledger: Ledger) -> ApprovalRecord:
    """
    Write a request down, or take up the one that is there; the record as it stands then.

    Args:
        wanted: As it would be asked for the first time, with the redrive and the expiry of this time.
        token: Of the execution that waits.
        ledger: Keeps one request for each id.
    """
    release_id, redrive = wanted["release_id"], wanted["redrive"]
    known = ledger.get_approval(release_id)
    if known is None:
        if ledger.put_approval({**wanted, "task_token": token}):
            return wanted
        known = ledger.get_approval(release_id) or wanted
    reopen = known["status"] == "expired" or (known["status"] == "pending" and redrive > known["redrive"])
    renewed = ledger.renew_approval(
        release_id,
        task_token=token,
        # an expired request is asked anew even if nobody counted a redrive
        redrive=max(redrive, known["redrive"] + 1) if reopen else known["redrive"],
        expires_at_epoch=wanted["expires_at_epoch"] if reopen else known["expires_at_epoch"],
        reopen=reopen,
    )
    if not renewed and reopen:
        # decided in between: the new token waits for that decision
        ledger.renew_approval(
            release_id,
            task_token=token,
            redrive=redrive,
            expires_at_epoch=known["expires_at_epoch"],
            reopen=False,
        )
    return ledger.get_approval(release_id) or known


def _is_automatic(
    request: ApprovalRequest, record: ApprovalRecord, rules: Mapping[str, ApprovalRules]
) -> bool:
    return is_automatic(
        rules_for(rules, record["project"]),
        record["environment"],
        persons=record.get("persons", 1),
        verdict=dict(request["document"].get("verdict", {})),
    )


def _approve(record: ApprovalRecord, *, ports: Ports, now: datetime) -> dict[str, Any]:
    """Decide in nobody's name; what can't be delivered now is delivered by the sweep."""
    release_id = record["release_id"]
    taken, decided = take_decision(record, approved_automatically(now), approvals=ports.ledger, now=now)
    if taken == "decides":
        try:
            deliver_decision(
                decided,
                ledger=ports.ledger,
                tokens=ports.tokens,
                registry=ports.registry,
                events=ports.events,
                now=now,
            )
        except Exception:  # noqa: BLE001 - it stands in the ledger
            _log.exception("decision recorded but not delivered", extra={"release_id": release_id})
    return {"release_id": release_id, "status": decided["status"], "told": [], "not_told": []}


def _first_record(
    request: ApprovalRequest, approvers: Sequence[str], expires: int, redrive: int, now: datetime
) -> ApprovalRecord:
    document = request["document"]
    plan = document["plan"]
    verdict, package, champion = document.get("verdict"), document.get("package"), plan.get("champion")
    return {
        "release_id": plan["release_id"],
        "environment": plan["environment"],
        "project": plan["project"],
        "model": plan["model"],
        "version": plan["version"],
        "image_digest": plan["image_digest"],
        "report_uri": verdict["report_uri"] if verdict is not None else "",
        "package_arn": package["arn"] if package is not None else "",
        "judged_against": champion["version"] if champion else "",
        "status": "pending",
        "approvers": nonces(approvers),
        "requested_at": timestamp(now),
        "expires_at_epoch": expires,
        "told": {},
        "decisions": [],
        "redrive": redrive,
        "delivered": False,
        "settled": False,
    }
