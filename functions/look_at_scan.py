"""Step Functions task: has the registry's scan of the image ended?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.domain.timestamps import now
from slipway.usecases.look_at_scan import look_at_scan

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.release import ImageScan, ReleaseDocument

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="plan.release_id")
def handler(event: ReleaseDocument, _context: LambdaContext) -> ImageScan:
    scan = look_at_scan(event["plan"], registry=_ports.image_registry(), clock=now)
    logger.info("scan looked at", scan=scan)
    return scan
