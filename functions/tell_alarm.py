"""EventBridge, an alarm that stands beside a model has changed: the model's people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.contracts.events import ENDPOINT_ALARM
from slipway.domain.alarm_change import alarm_change

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    change = alarm_change(event["detail"])
    if change is not None:
        _ports.events().emit(ENDPOINT_ALARM, change)
    logger.info("alarm changed", alarm=event["detail"]["alarmName"], told=change is not None)
    return {"told": change is not None}
