"""
Remove what an endpoint needs no more: alarms, configs and models of what served before, or did not make it.

What serves stays, what is about to serve, and what served before that: the way back. Names are functions of
what they name, so that whatever goes can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from slipway.contracts import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.promotion import PromotionDocument, ScalingTarget
    from slipway.usecases.ports import EndpointParts, Endpoints, Hosting, Monitoring

KEPT_CONFIGS: Final = 2
"""Of those that the ledger says served: the last, and the one before it."""
LOOKED_BACK: Final = 20
"""Entries of the history: those before were tidied up by promotions before."""
SETTLED: Final = ("InService", "Failed")
"""In any other status some config may be in use that the endpoint does not name."""


class TidyRequest(TypedDict):
    """What the promote machine hands over when it has ended its work, well or not."""

    document: PromotionDocument
    asked: list[str]
    """Endpoint configs that this promotion asked for, and those before it that could not tidy up."""
    outcome: Literal["changed", "failed"]
    """Failed: what served before is scaled as it was."""


class Removed(TypedDict):
    """Names of what went."""

    alarms: list[str]
    configs: list[str]
    models: list[str]


@dataclass(frozen=True, slots=True)
class EndpointTidying:
    """What tidying needs."""

    ledger: Endpoints
    hosting: Hosting
    monitoring: Monitoring
    parts: EndpointParts

    def tidy(self, event: TidyRequest) -> Removed:
        """Tidy up after one promotion; nothing goes while the endpoint is changing, or broken."""
        promotion = event["document"]["promotion"]
        endpoint = promotion["endpoint_name"]
        described = self.hosting.endpoint(endpoint)
        if described is not None and described["EndpointStatus"] not in SETTLED:
            return {"alarms": [], "configs": [], "models": []}
        served = self._served(endpoint)
        in_use = _in_use(described)
        # one that failed to start stays for its reason to be read, but rings no more
        watched = in_use if described is not None and described["EndpointStatus"] == "InService" else set()
        candidates = [*dict.fromkeys([*served, *event["asked"]])]
        alarms = [
            str(alarm["AlarmName"])
            for config in candidates
            if config not in watched
            for alarm in self.monitoring.alarms(names.alarm_prefix(endpoint, config))
        ]
        if described is None or event["outcome"] == "changed":
            alarms += self._scaling_alarms(
                endpoint, [] if described is None else promotion["scaling_targets"]
            )
        self.monitoring.remove_alarms(alarms)
        believed = promotion.get("believed_config")
        kept = in_use | {*served[:KEPT_CONFIGS]} | ({believed} if believed else set())
        models = [request["ModelName"] for request in promotion.get("model_requests", ())]
        configs = []
        for config in candidates:
            if config not in kept and (found := self.hosting.endpoint_config(config)) is not None:
                models += _models(found)
                self.parts.remove_config(config)
                configs.append(config)
        needed = {model for config in kept for model in _models(self.hosting.endpoint_config(config) or {})}
        unneeded = [model for model in dict.fromkeys(models) if model not in needed]
        return {
            "alarms": alarms,
            "configs": configs,
            "models": [model for model in unneeded if self.parts.remove_model(model)],
        }

    def _scaling_alarms(self, endpoint: str, scaled: Iterable[ScalingTarget]) -> list[str]:
        """Those that scale nothing: whoever takes a scaling policy away leaves the alarm that called it."""
        needed = {str(alarm["AlarmName"]) for target in scaled for alarm in target["step_alarms"]}
        old = names.old_scaling_alarm(endpoint)
        there = [
            *self.monitoring.alarms(names.alarm_prefix(endpoint, names.SCALING_ALARMS)),
            *(alarm for alarm in self.monitoring.alarms(old) if alarm["AlarmName"] == old),
        ]
        return [str(alarm["AlarmName"]) for alarm in there if alarm["AlarmName"] not in needed]

    def _served(self, endpoint: str) -> list[str]:
        """Configs that served, the last first."""
        history = self.ledger.endpoint_history(endpoint, limit=LOOKED_BACK)
        return [*dict.fromkeys(one["config_name"] for one in history)]


def _in_use(described: Mapping[str, Any] | None) -> set[str]:
    """What serves, and what is about to."""
    if described is None:
        return set()
    pending = described.get("PendingDeploymentSummary") or {}
    named = (described.get("EndpointConfigName"), pending.get("EndpointConfigName"))
    return {str(name) for name in named if name}


def _models(config: Mapping[str, Any]) -> Iterable[str]:
    variants = [*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ())]
    return [str(variant["ModelName"]) for variant in variants if "ModelName" in variant]
