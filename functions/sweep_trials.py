"""On a schedule: trials whose end was lost on the way end after all, and are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, list[str]]:
    ended = _wiring.trial_burial().sweep_trials()
    logger.info("trials swept", ended=ended)
    return {"ended": ended}
