"""
A model package was changed: ledger and registry are brought together.

Also on demand: ``{"project": …, "model": …, "version": …}`` writes the version's tags to its package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    intake = _wiring.package_intake()
    if "detail" not in event:
        written = intake.tell_package(event["project"], event["model"], event["version"])
        return {"outcome": "written" if written else "in step"}
    detail = event["detail"]
    arn = str(detail["ModelPackageArn"])
    outcome = intake.take_in_package(arn, detail.get("UpdatedModelPackageFields"))
    logger.info("package taken in", package_arn=arn, outcome=outcome)
    return {"outcome": outcome}
