"""Schedule: sends decisions again that reached nobody, and ends requests whose time has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.domain.timestamps import now
from slipway.usecases.sweep_approvals import sweep_approvals

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    counts = sweep_approvals(
        ledger=_ports.ledger(),
        tokens=_ports.task_tokens(),
        registry=_ports.model_registry(),
        events=_ports.events(),
        asking=_wiring.ask_again(),
        now=now(),
    )
    logger.info("approvals swept", extra=counts)
    return counts
