"""Whose strategy counts: the request's, else the approver's, else the manifest's; settings narrow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.layout_errors import StrategyNotPossibleError
from slipway.domain.serving import Serving, Strategy
from slipway.domain.strategy_policy import forbidden_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.policy import Policy
    from slipway.contracts.promotion import Action, PromotionRequest

AT_ONCE: Final = Strategy.of({"kind": "all-at-once"})
_NOT_RESTRICTED: Final = 1.0


def strategy_of(
    request: PromotionRequest, record: VersionRecord, policy: Policy, environment: str
) -> Strategy:
    """
    How the version takes its place.

    A rollback goes all at once and waits for nothing, unless it asks for something else.

    Raises:
        StrategyNotPossibleError: What was asked for is impossible for this version, or forbidden here; or its
            own strategy is forbidden by now.
    """
    own = Serving.of(record["manifest"]["serving"]).strategy
    asked = dict(request.get("strategy") or _conditions(request))
    if not asked:
        if request["cause"] == "rollback":
            return AT_ONCE
        return _narrowed(own, record["version"], policy, environment)
    strategy = _possible(asked, own, record)
    if request["cause"] != "rollback":
        for refusal in forbidden_strategy(strategy, policy, environment):
            raise StrategyNotPossibleError(record["version"], refusal.reason)
    return strategy


def share_of(
    request: PromotionRequest, action: Action, strategy: Strategy, policy: Policy, environment: str
) -> float:
    """
    What the version gets beside the champion, 0 to 1: of the traffic, or of the requests that are mirrored.

    Raises:
        StrategyNotPossibleError: It is more than the environment allows, or no share.
    """
    usual = {"beside": ("ab", 0.0), "shadow": ("shadow", 1.0)}
    if action not in usual:
        return 0.0
    kind, without = usual[action]
    own = strategy.share if strategy.kind == kind else None
    share = request.get("share", without if own is None else own)
    most = policy.get("max_share", _NOT_RESTRICTED) if action == "beside" else _NOT_RESTRICTED
    if not 0 <= share <= most:
        raise StrategyNotPossibleError(
            request["version"],
            f"a share of {share:g} was asked for, and environment {environment!r} allows 0 to {most:g}",
        )
    return share


def _possible(asked: Mapping[str, Any], own: Strategy, record: VersionRecord) -> Strategy:
    """
    The version's strategy with what is asked for.

    Raises:
        StrategyNotPossibleError: It breaks a rule that the manifest would have broken too.
    """
    # nearly every promotion is made by the manifest's own strategy, which was checked when it was pushed
    from slipway.domain.manifest_serving import STRATEGY  # noqa: PLC0415 - see above
    from slipway.domain.manifest_serving_rules import SERVING_RULES  # noqa: PLC0415 - see above

    problems: list[str] = []

    def report(key: str, value: Any, expected: str) -> None:
        problems.append(f"{key} is {'missing' if value is None else repr(value)}; expected {expected}")

    same = asked.get("kind", own.kind) == own.kind
    wanted = STRATEGY.check("serving.strategy", {**(own.document() if same else {}), **asked}, report)
    if not problems:
        document = {"serving": {**record["manifest"]["serving"], "strategy": wanted}}
        for rule in SERVING_RULES:
            rule(document, report)
    if problems:
        raise StrategyNotPossibleError(record["version"], "; ".join(problems))
    return Strategy.of(wanted)


def _conditions(request: PromotionRequest) -> Mapping[str, Any]:
    """The approver's conditions as keys of a strategy; empty: there are none."""
    conditions = request.get("conditions")
    if conditions is None:
        return {}
    asked = {"kind": conditions["strategy"] or None, "share": conditions["share"]}
    return {key: value for key, value in asked.items() if value is not None}


def _narrowed(own: Strategy, version: str, policy: Policy, environment: str) -> Strategy:
    """A registered version's own strategy, though settings have become stricter since it was pushed."""
    given = own.document()
    if own.kind in ("canary", "ab") and own.share is not None:
        given["share"] = min(own.share, policy.get("max_share", _NOT_RESTRICTED))
    least = policy.get("min_bake_minutes", 0)
    if own.kind == "rolling":
        given["interval_minutes"] = max(own.interval_minutes or 0, least)
    elif own.bake_minutes is not None:
        given["bake_minutes"] = max(own.bake_minutes, least)
    narrowed = Strategy.of(given)
    for refusal in forbidden_strategy(narrowed, policy, environment):
        raise StrategyNotPossibleError(version, refusal.reason)
    return narrowed
