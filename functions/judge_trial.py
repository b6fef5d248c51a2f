"""Step Functions task: one look at a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.trial import TrialDocument, TrialLook

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="trial.trial_id")
def handler(event: TrialDocument, _context: LambdaContext) -> TrialLook:
    request = event["request"]
    look = _wiring.trial_judge().judge_trial(request["project"], request["model"], event["trial"]["trial_id"])
    logger.info("trial looked at", **look)
    return look
