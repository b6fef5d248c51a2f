"""Step Functions task: writes down what the endpoint serves now, and moves the aliases that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.domain.timestamps import now
from slipway.usecases.record_promotion import record_promotion

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.promotion import PromotionDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="request.release_id")
def handler(event: PromotionDocument, _context: LambdaContext) -> dict[str, Any]:
    moved = record_promotion(event, ledger=_ports.ledger(), clock=now)
    logger.info("promotion recorded", **moved)
    return moved
