"""Step Functions task: how a trial ended is recorded and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from aws_lambda_powertools import Logger

from functions import _ports, _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.ledger import TrialStatus

logger = Logger()


class EndTrialInput(TypedDict):
    """What the machine hands over."""

    project: str
    model: str
    trial_id: str
    status: TrialStatus
    reason: str


class EndTrialOutput(TypedDict):
    """How it ended: as was asked, or as somebody else had ended it before."""

    status: TrialStatus
    reason: str


@logger.inject_lambda_context(correlation_id_path="trial_id")
def handler(event: EndTrialInput, _context: LambdaContext) -> EndTrialOutput:
    subject = event["project"], event["model"], event["trial_id"]
    ended = _wiring.trial_ending().end_trial(*subject, event["status"], event["reason"])
    record = _ports.ledger().trial(*subject)
    status, reason = event["status"], event["reason"]
    if record is not None and not ended:
        status, reason = record["status"], record.get("reason", "")
    logger.info("trial ended", status=status, reason=reason, before=not ended)
    return {"status": status, "reason": reason}
