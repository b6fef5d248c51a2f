"""POST /slack/decisions: a button under a request for approval, pressed in Slack."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from aws_lambda_powertools import Logger

from functions import _ports, _web
from slipway.domain.shapes import mapping
from slipway.domain.slack_click import click_of
from slipway.domain.slack_signature import is_from_slack
from slipway.domain.timestamps import now
from slipway.usecases.decide_in_slack import decide_in_slack

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.domain.slack_click import SlackClick

logger = Logger()
OK: Final = {"statusCode": 200, "body": ""}
"""Slack shows nothing of it: the person is answered at the click's own URL."""
REFUSED: Final = {"statusCode": 401, "body": ""}
_TROUBLE: Final = (
    "Your click could not be recorded just now. Try again in a minute, or use your e-mail's link."
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    body = str(event.get("body") or "")
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    genuine = is_from_slack(
        _ports.slack_signing_secret().text(),
        timestamp=headers.get("x-slack-request-timestamp", ""),
        signed=headers.get("x-slack-signature", ""),
        body=raw,
        now=now().timestamp(),
    )
    if not genuine:
        logger.warning("not signed by Slack, or too old")
        return REFUSED
    click = click_of(_payload(raw))
    if click is None:
        logger.info("a click on something else")
        return OK
    try:
        text = _decide(click, event)
    except Exception:  # the person must hear of it whatever happens
        logger.exception("decision failed", request_id=click.request_id)
        text = _TROUBLE
    try:
        _ports.slack_replies().reply(click.response_url, text)
    except Exception:  # the decision stands, and the channel is told of it
        logger.exception("no answer in Slack", request_id=click.request_id)
    logger.info("decision", request_id=click.request_id, user=click.user)
    return OK


def _payload(raw: bytes) -> Any:
    try:
        return mapping(json.loads(parse_qs(raw.decode())["payload"][0]))
    except (KeyError, ValueError):
        return {}


def _decide(click: SlackClick, event: dict[str, Any]) -> str:
    return decide_in_slack(
        click,
        people=_ports.slack_people(),
        ledger=_ports.ledger(),
        approvers=_ports.policy()["approvers"],
        rules=_ports.policy().get("approval_rules", {}),
        reports=_ports.reports(),
        tokens=_ports.task_tokens(),
        registry=_ports.model_registry(),
        events=_ports.events(),
        now=now(),
        source_ip=_web.caller_of(event)[0],
    )
