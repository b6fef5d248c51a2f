"""Called by the command line: changes a version's tags, in the ledger and then in its model package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.usecases.tag_version import tag_version

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.usecases.tag_version import TagAnswer, TagWish

logger = Logger()


@logger.inject_lambda_context
def handler(event: TagWish, _context: LambdaContext) -> TagAnswer:
    answer = tag_version(event, ledger=_ports.ledger())
    logger.info("tags asked for", wish=event, outcome=answer["outcome"], reason=answer["reason"])
    if answer["outcome"] != "refused":
        try:
            _wiring.package_intake().tell_package(event["project"], event["model"], event["version"])
        except Exception:  # the ledger has them; asking for the same tags again tells the package again
            logger.exception("model package not told of tags")
    return answer
