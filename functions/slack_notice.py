"""EventBridge, the platform's own events: a message to the Slack channel, if there is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.contracts import environment as variables
from slipway.usecases.slack_notice import slack_notice

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="detail.release_id")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    kind, detail = event["detail-type"], event["detail"]
    buttons = bool(os.environ.get(variables.SLACK_BUTTONS))
    posted = slack_notice(kind, detail, region=event["region"], chat=_ports.chat(), buttons=buttons)
    logger.info("notice posted", kind=kind, release_id=detail.get("release_id"), posted=posted)
    return {"posted": posted}
