"""EventBridge, a trial's execution died: the trial is ended, and its challenger leaves the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    arn = event["detail"]["executionArn"]
    ended = _wiring.trial_burial().bury_execution(arn)
    logger.info("trial's execution died", execution=arn, ended=ended)
    return {"ended": ended}
