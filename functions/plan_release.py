"""Starts releases: from ECR's push events, from the sweep, and from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports
from slipway.contracts import environment as variables
from slipway.domain.timestamps import now
from slipway.usecases.plan_release import PlanRequest, ReleasePlanning

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    request = request_of(event)
    planning = ReleasePlanning(
        site=_ports.site(),
        machine_arn=_ports.setting(variables.RELEASE_MACHINE_ARN),
        registry=_ports.image_registry(),
        data_sets=_ports.data_sets(),
        ledger=_ports.ledger(),
        executions=_ports.executions(),
        events=_ports.events(),
        clock=now,
    )
    answer = planning.plan_release(request)
    logger.set_correlation_id(answer.release_id)
    logger.info(
        "release planned",
        outcome=answer.outcome,
        reason=answer.reason,
        cause=request.cause,
        repository=request.repository,
        tag=request.tag,
        digest=request.digest,
    )
    return answer.document()


def request_of(event: dict[str, Any]) -> PlanRequest:
    """
    What an event asks for: ECR's own, or ``{"cause", "repository", "tag"}`` with the request's other fields.

    The local registry's events look like ECR's but for their source, which AWS keeps for itself.
    """
    if "detail" in event:
        detail = event["detail"]
        return PlanRequest(
            cause="push",
            repository=detail["repository-name"],
            tag=detail.get("image-tag", ""),
            digest=detail.get("image-digest", ""),
            pushed_at=event.get("time", ""),
        )
    return PlanRequest(
        cause=event["cause"],
        repository=event["repository"],
        tag=event["tag"],
        force=bool(event.get("force", False)),
        retrain=event.get("retrain", ""),
        no_cache=bool(event.get("no_cache", False)),
    )
