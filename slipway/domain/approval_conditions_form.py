"""The fields of the approval form that set conditions."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from slipway.domain.approval_conditions import STRATEGY_WORDS, conditions_in_words
from slipway.domain.approval_rules import standing_approvals
from slipway.domain.form_fields import described, problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ApprovalRecord
    from slipway.domain.approval import DecisionForm
    from slipway.domain.approval_conditions import AllowedConditions


def conditions_fields(
    record: ApprovalRecord, form: DecisionForm, problems: Mapping[str, str], allowed: AllowedConditions
) -> str:
    """
    Strategy and share, folded away until somebody wants them.

    Whoever approves second finds the conditions of the first there: both must approve the same.
    """
    if "trial" in record:
        return ""  # it takes the champion's place at once
    strategy, share = form.strategy, form.share
    standing = standing_approvals(record)
    set_before = standing[0].get("conditions") if standing else None
    if set_before and not form.decision:
        strategy = set_before["strategy"]
        share = "" if set_before["share"] is None else f"{set_before['share'] * 100:g}"
    wrong = problems.keys() & {"strategy", "share"}
    opened = " open" if strategy or share or wrong else ""
    before = (
        f'<p class="hint">Set by {escape(standing[0]["decided_by"])}: '
        f"{escape(conditions_in_words(set_before))}.</p>"
        if set_before
        else ""
    )
    return (
        f'<details class="conditions"{opened}><summary>Approve with conditions</summary>{before}'
        f"{_strategy(strategy, problems, allowed)}{_share(share, problems, allowed)}</details>"
    )


def _strategy(chosen: str, problems: Mapping[str, str], allowed: AllowedConditions) -> str:
    options = "".join(
        f'<option value="{kind}"{" selected" if kind == chosen else ""}>'
        f"{escape(STRATEGY_WORDS[kind])}</option>"
        for kind in allowed.strategies
    )
    return (
        '<div class="field"><label class="above" for="strategy">How traffic moves to it</label>'
        f'<select id="strategy" name="strategy"{described("strategy", problems)}>'
        f'<option value="">as its manifest says</option>{options}</select>'
        f"{problem_of('strategy', problems)}</div>"
    )


def _share(typed: str, problems: Mapping[str, str], allowed: AllowedConditions) -> str:
    most = f", at most {allowed.max_share * 100:g} %" if allowed.max_share < 1 else ""
    return (
        '<div class="field"><label class="above" for="share">Share of the traffic, per cent</label>'
        f'<input type="text" id="share" name="share" inputmode="decimal" autocomplete="off" maxlength="12"'
        f' value="{escape(typed[:12])}"{described("share", problems, hint=True)}>'
        f'<p class="hint" id="share-hint">For canary, shadow and A/B test; empty: as its manifest says{most}.'
        f"</p>{problem_of('share', problems)}</div>"
    )
