"""EventBridge, state changes of all kinds: what came of what is read again and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.contracts import environment as variables
from slipway.domain.lineage_subject import subjects_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="detail.release_id || detail.name")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    recording = _wiring.lineage_recording()
    changed = 0
    for subject in subjects_of(event, promote_machine_arn=_ports.setting(variables.PROMOTE_MACHINE_ARN)):
        changed += recording.record(subject)
        logger.info("lineage recorded", kind=subject.kind, subject=subject.name, changed=changed)
    return {"changed": changed}
