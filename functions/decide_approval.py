"""POST /approvals/{release_id}: one approver's decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions import _ports, _web
from slipway.domain.timestamps import now
from slipway.domain.web_page import WebAnswer
from slipway.usecases.decide_approval import decide_approval

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    # never logged: the query string, which is as good as a key
    release_id = _web.release_id_of(event)
    logger.set_correlation_id(release_id)
    try:
        answer = _decide(event, release_id)
    except Exception:  # the answer must carry our headers whatever happens
        logger.exception("decision failed", release_id=release_id)
        answer = _web.trouble()
    logger.info("decision", release_id=release_id, status=answer.status)
    return _web.response_of(answer)


def _decide(event: dict[str, Any], release_id: str) -> WebAnswer:
    form = _web.form_of(event)
    if isinstance(form, WebAnswer):
        return form
    source_ip, user_agent = _web.caller_of(event)
    return decide_approval(
        release_id,
        _web.query_of(event),
        form,
        ledger=_ports.ledger(),
        approvers=_ports.policy()["approvers"],
        rules=_ports.policy().get("approval_rules", {}),
        policy=_ports.policy(),
        signer=_ports.signer(),
        reports=_ports.reports(),
        tokens=_ports.task_tokens(),
        registry=_ports.model_registry(),
        events=_ports.events(),
        now=now(),
        source_ip=source_ip,
        user_agent=user_agent,
    )
