"""Step Functions task: the version that serves now becomes the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring
from slipway.domain.timestamps import now
from slipway.usecases.move_alias import mark_stages, move_alias

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.promotion import PromotionDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="request.release_id")
def handler(event: PromotionDocument, _context: LambdaContext) -> dict[str, Any]:
    ledger = _wiring.ledger()
    moved = move_alias(event, ledger=ledger, clock=now)
    logger.info("alias moved", **moved)
    try:
        mark_stages(event, ledger=ledger, registry=_wiring.model_registry())
    except Exception:  # the endpoint serves and the alias says so: a label must not fail the promotion
        logger.exception("model packages not marked")
    return moved
