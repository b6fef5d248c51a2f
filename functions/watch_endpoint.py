"""EventBridge, an endpoint has come to serve or is gone: its dashboard and alarms follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="detail.release_id")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    detail = event["detail"]
    # ours names the endpoint in its summary, SageMaker's at the top
    name = detail["EndpointName"] if "EndpointName" in detail else detail["endpoint"]["endpoint_name"]
    outcome = _wiring.endpoint_watching().watch_endpoint(name)
    logger.info("endpoint watched", endpoint=name, outcome=outcome)
    return {"endpoint": name, "outcome": outcome}
