"""On a schedule, or asked by an operator: releases and promotions whose end was lost are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.domain.timestamps import now
from slipway.usecases.sweep_executions import sweep_executions
from slipway.usecases.sweep_promotions import sweep_promotions

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, list[str]]:
    ledger, executions, recording = _ports.ledger(), _ports.executions(), _wiring.outcome_recording()
    recorded = [
        *sweep_executions(ledger=ledger, executions=executions, recording=recording, clock=now),
        *sweep_promotions(ledger=ledger, executions=executions, recording=recording, clock=now),
    ]
    logger.info("executions swept", recorded=recorded)
    return {"recorded": recorded}
