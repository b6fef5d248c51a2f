"""Step Functions task with a token: asks approvers to make a trial's challenger champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.contracts import environment as variables
from slipway.domain.timestamps import now
from slipway.usecases.propose_trial import propose_trial

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.trial import TrialDocument

logger = Logger()


class ProposeTrialInput(TypedDict):
    """What the machine hands over."""

    document: TrialDocument
    task_token: str
    redrive: int


@logger.inject_lambda_context
def handler(event: ProposeTrialInput, _context: LambdaContext) -> dict[str, Any]:
    # never logged: the event, which holds the task token
    outcome = propose_trial(
        event["document"],
        event["task_token"],
        event["redrive"],
        ports=_wiring.asking(),
        approvers=_ports.policy()["approvers"],
        rules=_ports.policy().get("approval_rules", {}),
        base_url=_ports.setting(variables.APPROVAL_URL),
        environment=_ports.setting(variables.ENVIRONMENT),
        now=now(),
    )
    logger.info("approval requested", **outcome)
    return outcome
