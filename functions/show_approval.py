"""GET /approvals/{release_id}: the evidence for one approver; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _web
from slipway.domain.approval_conditions import AllowedConditions
from slipway.domain.timestamps import now
from slipway.usecases.show_approval import show_approval

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    # never logged: the query string, which is as good as a key
    release_id = _web.release_id_of(event)
    logger.set_correlation_id(release_id)
    try:
        answer = show_approval(
            release_id,
            _web.query_of(event),
            ledger=_ports.ledger(),
            approvers=_ports.policy()["approvers"],
            rules=_ports.policy().get("approval_rules", {}),
            allowed=AllowedConditions.of(_ports.policy()),
            signer=_ports.signer(),
            reports=_ports.reports(),
            now=now(),
        )
    except Exception:  # the answer must carry our headers whatever happens
        logger.exception("approval page failed", release_id=release_id)
        answer = _web.trouble()
    logger.info("approval page", release_id=release_id, status=answer.status)
    return _web.response_of(answer)
