"""Called by the command line: ends a trial by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.usecases.end_trial import StopAnswer, StopWish

logger = Logger()


@logger.inject_lambda_context
def handler(event: StopWish, _context: LambdaContext) -> StopAnswer:
    answer = _wiring.trial_ending().stop_trial(event)
    logger.info("trial to be stopped", wish=event, outcome=answer["outcome"], reason=answer["reason"])
    return answer
