"""EventBridge, the platform's own events: e-mail to a project's recipients and approvers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.usecases.mail_notice import mail_notice

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="detail.release_id")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    kind, detail = event["detail-type"], event["detail"]
    told = mail_notice(kind, detail, region=event["region"], mailer=_ports.mailer(), policy=_ports.policy())
    logger.info("notice mailed", kind=kind, release_id=detail.get("release_id"), recipients=len(told))
    return {"told": told}
