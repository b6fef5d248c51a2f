"""Called by the command line: sets or removes an alias of somebody's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.domain.timestamps import now
from slipway.usecases.set_alias import set_alias

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.usecases.set_alias import AliasAnswer, AliasWish

logger = Logger()


@logger.inject_lambda_context
def handler(event: AliasWish, _context: LambdaContext) -> AliasAnswer:
    answer = set_alias(event, ledger=_ports.ledger(), clock=now)
    logger.info("alias asked for", wish=event, outcome=answer["outcome"], reason=answer["reason"])
    return answer
