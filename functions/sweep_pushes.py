"""On a schedule: pushes whose event was lost are released after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring
from slipway.domain.timestamps import now
from slipway.usecases.sweep_pushes import sweep_pushes

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, list[str]]:
    asked = sweep_pushes(
        prefix=_wiring.policy()["repository_prefix"],
        registry=_wiring.image_registry(),
        ledger=_wiring.ledger(),
        planner=_wiring.release_planner(),
        clock=now,
    )
    logger.info("pushes swept", asked=asked)
    return {"asked": asked}
