"""Step Functions task: has an identical training or evaluation been run before?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="document.plan.release_id")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    grown = _wiring.step_cache().look_up_steps(event["document"], event["before"])
    said = {step: lookup["explanation"] for step, lookup in grown["lookups"].items() if lookup}
    logger.info("steps looked up", before=event["before"], lookups=said)
    return grown
