"""On a schedule: pushes whose event was lost are released after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.domain.timestamps import now
from slipway.usecases.sweep_pushes import sweep_pushes

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, list[str]]:
    asked = sweep_pushes(
        prefix=_ports.policy()["repository_prefix"],
        registry=_ports.image_registry(),
        ledger=_ports.ledger(),
        planner=_ports.release_planner(),
        clock=now,
    )
    logger.info("pushes swept", asked=asked)
    return {"asked": asked}
