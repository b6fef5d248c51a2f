"""On a schedule: endpoints that nobody calls are told of, and stopped where the settings say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, list[str]]:
    done = _wiring.idle_sweep().sweep_idle()
    logger.info("idle endpoints swept", extra=done)
    return done
