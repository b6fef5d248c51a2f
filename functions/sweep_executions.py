"""On a schedule: releases whose end was not told are recorded after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.domain.timestamps import now
from slipway.usecases.sweep_executions import sweep_executions

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, list[str]]:
    recorded = sweep_executions(
        ledger=_ports.ledger(),
        executions=_ports.executions(),
        recording=_wiring.outcome_recording(),
        clock=now,
    )
    logger.info("executions swept", recorded=recorded)
    return {"recorded": recorded}
