"""Step Functions task with a token: asks the release's approvers for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.contracts import environment as variables
from slipway.domain.timestamps import now
from slipway.usecases.request_approval import request_approval

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.release import ApprovalRequest

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="document.plan.release_id")
def handler(event: ApprovalRequest, _context: LambdaContext) -> dict[str, Any]:
    # never logged: the event, which holds the task token
    outcome = request_approval(
        event,
        ports=_wiring.asking(),
        approvers=_ports.policy()["approvers"],
        rules=_ports.policy().get("approval_rules", {}),
        base_url=_ports.setting(variables.APPROVAL_URL),
        now=now(),
    )
    logger.info("approval requested", **outcome)
    return outcome
