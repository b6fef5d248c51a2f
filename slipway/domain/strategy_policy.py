"""Whether an environment's settings allow a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.refusals import policy_forbids
from slipway.domain.serving import TRIALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.contracts.policy import Policy
    from slipway.domain.refusals import Refusal
    from slipway.domain.serving import Strategy


def forbidden_strategy(strategy: Strategy, policy: Policy, environment: str) -> Iterator[Refusal]:
    """What an environment forbids of a strategy, be it a manifest's or one that somebody asks for."""
    allowed = policy.get("strategies", [])
    if allowed and strategy.kind not in allowed:
        yield policy_forbids("the strategy", strategy.kind, ", ".join(allowed), environment)
    share, most = strategy.share or 0.0, policy.get("max_share", 1.0)
    if strategy.kind in ("canary", "ab") and share > most:
        yield policy_forbids("serving.strategy.share =", share, f"at most {most:g}", environment)
    minutes, least = strategy.watched_minutes, policy.get("min_bake_minutes", 0)
    if strategy.kind not in TRIALS and minutes < least:
        key = "interval_minutes" if strategy.kind == "rolling" else "bake_minutes"
        yield policy_forbids(f"serving.strategy.{key} =", minutes, f"at least {least}", environment)
