"""EventBridge, an execution has ended: its trace and metrics go to an OpenTelemetry collector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="detail.name")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    trace = _wiring.telemetry_export().export_telemetry(event["detail"]["executionArn"])
    logger.info("telemetry exported", trace_id=trace or "nothing to send")
    return {"trace_id": trace}
