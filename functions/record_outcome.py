"""On "Step Functions Execution Status Change" of both machines: how did it end, and who has to know?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="detail.name")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    arn = event["detail"]["executionArn"]
    status = _wiring.outcome_recording().record_outcome(arn)
    logger.info("outcome recorded", execution_arn=arn, status=status or "nothing new")
    return {"execution_arn": arn, "status": status}
