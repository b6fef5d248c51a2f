"""Step Functions task: is the challenger good enough to be shown to an approver?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions import _ports, _wiring
from slipway.domain.timestamps import now
from slipway.usecases.judge_release import judge_release, keep_evaluations

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from slipway.contracts.release import ReleaseDocument, Verdict

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="plan.release_id")
def handler(event: ReleaseDocument, _context: LambdaContext) -> Verdict:
    verdict = judge_release(
        event, reports=_ports.reports(), logs=_ports.job_logs(), clock=now, prices=_ports.prices()
    )
    logger.info("release judged", accepted=verdict["accepted"], summary=verdict["summary"])
    try:
        kept = keep_evaluations(event, verdict, cache=_wiring.step_cache())
        logger.info("evaluations kept", kept=kept)
    except Exception:  # a release must not fail for what later ones could save
        logger.exception("evaluations not kept")
    return verdict
