"""EventBridge, a trial's execution died: the trial is ended, and its challenger leaves the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.domain.trials.trial import trial_id_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.ledger import TrialStatus

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    arn = event["detail"]["executionArn"]
    execution = _ports.executions().describe(arn)
    request = execution.document.get("request", {}) if execution is not None else {}
    if execution is None or not request or not execution.ended or execution.status == "SUCCEEDED":
        return {"ended": False}
    status: TrialStatus = "stopped" if execution.status == "ABORTED" else "failed"
    reason = f"{execution.error}: {execution.cause}" if execution.error else execution.cause
    ended = _wiring.trial_ending().bury_trial(
        request["project"],
        request["model"],
        trial_id_of(arn),
        status,
        (reason or "its execution was stopped")[:1000],
    )
    logger.info("trial's execution died", execution=arn, status=status, ended=ended)
    return {"ended": ended}
