"""Asks approvers to make a trial's challenger champion: the same request, page and link as of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.approval import approvers_of, expiry
from slipway.domain.approval_rules import persons_of, rules_for
from slipway.domain.timestamps import timestamp
from slipway.domain.trials.trial import TrialUnknownError
from slipway.usecases.read_evidence import read_report_and_digest
from slipway.usecases.request_approval import note_request, tell_of_request
from slipway.usecases.tell_approvers import nonces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.contracts.policy import ApprovalRules
    from slipway.contracts.trial import TrialDocument
    from slipway.usecases.request_approval import Ports


def propose_trial(
    document: TrialDocument,
    task_token: str,
    redrive: int,
    *,
    ports: Ports,
    approvers: Mapping[str, Sequence[str]],
    base_url: str,
    environment: str,
    now: datetime,
    rules: Mapping[str, ApprovalRules],
) -> dict[str, Any]:
    """
    Record what is proposed, and tell each approver once; tried again, as ``request_approval``.

    Returns:
        ``{"release_id", "status", "told", "not_told"}``; the execution doesn't see it.

    Raises:
        TrialUnknownError: The ledger holds no such trial.
        NoApproversError: Nobody may approve this project here.
        TooFewApproversError: More must approve than may.
        ApproversNotToldError: Not one of them could be told.
    """
    request, trial = document["request"], document["trial"]
    project, model, trial_id = request["project"], request["model"], trial["trial_id"]
    held = ports.ledger.trial(project, model, trial_id)
    version = ports.ledger.version(project, model, request["version"])
    if held is None or version is None:
        raise TrialUnknownError(project, model, trial_id)
    persons = persons_of(rules_for(rules, project), version["manifest"])
    may = approvers_of(approvers, project, environment, persons=persons)
    expires = expiry(now, trial["approval_timeout_seconds"])
    report_uri = str(held["state"]["report_uri"])
    record: ApprovalRecord = {
        "release_id": trial_id,
        "trial": {"release_id": held["release_id"], "kind": held["kind"], "champion": held["champion"]},
        "environment": environment,
        "project": project,
        "model": model,
        "version": request["version"],
        "image_digest": version["image_digest"],
        "report_uri": report_uri,
        "report_digest": read_report_and_digest(report_uri, ports.reports)[1],
        # the registry's package was approved before the trial: it is not this decision's
        "package_arn": "",
        "judged_against": held["champion"],
        "status": "pending",
        "approvers": nonces(may),
        "persons": persons,
        "requested_at": timestamp(now),
        "wait_seconds": expires - int(now.timestamp()),
        "expires_at_epoch": expires,
        "told": {},
        "decisions": [],
        "redrive": redrive,
        "delivered": False,
        "settled": False,
    }
    ports.ledger.set_trial_status(
        project, model, trial_id, "proposed", reason=str(held["state"]["reason"]), at=timestamp(now)
    )
    asked = note_request(record, task_token, ports.ledger)
    return tell_of_request(asked, ports=ports, base_url=base_url)
