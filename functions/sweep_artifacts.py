"""Schedule: removes the artifacts whose time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.contracts import environment as variables
from slipway.usecases.sweep_artifacts import ArtifactSweep

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

ONE_MODEL_MS: Final = 60_000
"""What one more model may take; the next run begins with it when less than that is left."""


@logger.inject_lambda_context
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    counts = ArtifactSweep(
        removal=_wiring.artifact_removal(),
        artifact_bucket=_ports.setting(variables.ARTIFACT_BUCKET),
        has_time=lambda: context.get_remaining_time_in_millis() > ONE_MODEL_MS,
    ).sweep_artifacts()
    logger.info("artifacts swept", extra=counts)
    return counts
