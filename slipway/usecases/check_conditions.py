"""Can a version take its place as an approver wants? Asked before the decision is recorded, not after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.approval_conditions import conditions_of
from slipway.domain.layout_errors import StrategyNotPossibleError
from slipway.domain.promotion_strategy import strategy_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import ApprovalRecord
    from slipway.contracts.policy import Policy
    from slipway.contracts.promotion import PromotionRequest
    from slipway.domain.approval import DecisionForm
    from slipway.usecases.ports import Versions


def impossible_conditions(
    form: DecisionForm, record: ApprovalRecord, *, versions: Versions, policy: Policy
) -> dict[str, str]:
    """
    Why a version can't have the conditions of a form that is in order, by field; empty: it can.

    Args:
        form: Without problems of its own.
        record: What is decided on.
        versions: Hold the version's manifest, by which its promotion is planned.
        policy: The environment's, which narrows strategies.
    """
    conditions = conditions_of(form.strategy, form.share) if form.decision == "approved" else None
    version = versions.version(record["project"], record["model"], record["version"])
    if conditions is None or version is None:
        return {}
    request: PromotionRequest = {
        "project": record["project"],
        "model": record["model"],
        "version": record["version"],
        "release_id": record["release_id"],
        "cause": "approval",
        "actor": "",
        "reason": "",
        "conditions": conditions,
    }
    try:
        strategy_of(request, version, policy, record["environment"])
    except StrategyNotPossibleError as error:
        return {"strategy": f"This version can't be promoted so: {error.problem}."}
    return {}
