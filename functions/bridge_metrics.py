"""On a schedule: what CloudWatch knows of endpoints goes to an OpenTelemetry collector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    sent = _wiring.metrics_bridge().bridge_metrics()
    logger.info("metrics bridged", sent=sent)
    return {"sent": sent}
