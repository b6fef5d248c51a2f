"""Step Functions task: a trial begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.contracts import environment as variables
from slipway.domain.timestamps import now

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.trial import Trial, TrialRequest

logger = Logger()


class BeginTrialInput(TypedDict):
    """What the machine hands over."""

    request: TrialRequest
    execution_arn: str


@logger.inject_lambda_context(correlation_id_path="request.release_id")
def handler(event: BeginTrialInput, _context: LambdaContext) -> Trial:
    from slipway.usecases.begin_trial import begin_trial  # noqa: PLC0415 - it loads all of the manifest

    trial = begin_trial(
        event["request"],
        event["execution_arn"],
        ledger=_ports.ledger(),
        events=_ports.events(),
        policy=_ports.policy(),
        environment=_ports.setting(variables.ENVIRONMENT),
        clock=now,
    )
    logger.info("trial begun", **trial)
    return trial
