"""Step Functions task: registers the accepted version, pending approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.domain.timestamps import now
from slipway.usecases.register_release import register_release

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.release import Package, ReleaseDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="plan.release_id")
def handler(event: ReleaseDocument, _context: LambdaContext) -> Package:
    package = register_release(
        event,
        site=_ports.site(),
        registry=_ports.model_registry(),
        artifacts=_ports.artifacts(),
        ledger=_ports.ledger(),
        clock=now,
        prices=_ports.prices(),
    )
    logger.info("release registered", package_arn=package["arn"])
    return package
