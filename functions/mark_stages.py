"""Step Functions task: ledger and model packages say which version is in production, and which one was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.usecases.mark_stages import mark_stages

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.promotion import PromotionDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="request.release_id")
def handler(event: PromotionDocument, _context: LambdaContext) -> None:
    mark_stages(event, ledger=_ports.ledger(), registry=_ports.model_registry())
    logger.info("stages marked")
