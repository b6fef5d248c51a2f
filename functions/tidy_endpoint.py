"""Step Functions task: alarms, endpoint configs and models that nothing needs any more go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.usecases.tidy_endpoint import Removed, TidyRequest

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="document.request.release_id")
def handler(event: TidyRequest, _context: LambdaContext) -> Removed:
    removed = _wiring.endpoint_tidying().tidy(event)
    logger.info("endpoint tidied", **removed)
    return removed
