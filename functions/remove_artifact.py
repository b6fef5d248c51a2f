"""Called by the command line: removes the artifact of a version that nobody needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.usecases.remove_artifact import RemovalAnswer

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> RemovalAnswer:
    answer = _wiring.artifact_removal().remove(event["project"], event["model"], event["version"])
    logger.info("removal asked for", wish=event, outcome=answer["outcome"], reason=answer["reason"])
    return answer
