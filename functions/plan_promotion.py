"""Step Functions task: works out what a promotion needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.domain.timestamps import now
from slipway.usecases.plan_promotion import plan_promotion

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.promotion import Promotion, PromotionDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="request.release_id")
def handler(event: PromotionDocument, _context: LambdaContext) -> Promotion:
    promotion = plan_promotion(
        event["request"],
        site=_ports.site(),
        ledger=_ports.ledger(),
        registry=_ports.model_registry(),
        clock=now,
    )
    logger.info(
        "promotion planned",
        endpoint_name=promotion["endpoint_name"],
        endpoint_config_name=promotion["endpoint_config_name"],
        previous=promotion["previous"],
    )
    return promotion
