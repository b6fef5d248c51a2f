"""On a schedule: what no event told, or told too late, is recorded after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, dict[str, int]]:
    recorded = _wiring.lineage_sweep().sweep()
    logger.info("lineage swept", recorded=recorded)
    return {"recorded": recorded}
