"""HTTP API, ``POST /outcomes``: a batch of what came of an endpoint's answers. IAM says who may."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring
from slipway.usecases.take_outcomes import OutcomesRefused

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    raw = event.get("body") or ""
    try:
        body = json.loads(base64.b64decode(raw) if event.get("isBase64Encoded") else raw)
    except ValueError:
        body = None
    answer = _wiring.outcome_intake().take_batch(body)
    if isinstance(answer, OutcomesRefused):
        logger.info("outcomes refused", status=answer.status, reason=answer.reason)
        return _json(answer.status, {"error": answer.reason})
    logger.info("outcomes taken", accepted=answer["accepted"], refused=len(answer["refused"]))
    return _json(200, answer)


def _json(status: int, document: Any) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(document),
    }
