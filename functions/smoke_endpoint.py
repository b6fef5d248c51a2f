"""Step Functions task: does the endpoint answer as the version that was deployed?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.usecases.smoke_endpoint import smoke_endpoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.promotion import PromotionDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="request.release_id")
def handler(event: PromotionDocument, _context: LambdaContext) -> dict[str, Any]:
    smoke = smoke_endpoint(event, runtime=_ports.endpoint_runtime(), sleep=time.sleep)
    logger.info("endpoint answers", **smoke)
    return smoke
