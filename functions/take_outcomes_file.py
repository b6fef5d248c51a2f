"""EventBridge, an object under ``outcomes/`` in the data bucket: its outcomes are taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring
from slipway.domain.timestamps import moment_of
from slipway.usecases.take_outcomes import OutcomesRefused

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    key = event["detail"]["object"]["key"]  # as it is: only S3's own notifications encode keys
    answer = _wiring.outcome_intake().take_file(key, moment_of(event["time"]))
    if isinstance(answer, OutcomesRefused):
        logger.warning("outcomes refused", file=key, reason=answer.reason)
        return {"accepted": 0, "problem": answer.reason}
    logger.info("outcomes taken", file=key, accepted=answer["accepted"], refused=len(answer["refused"]))
    return {"accepted": answer["accepted"], "refused": len(answer["refused"])}
