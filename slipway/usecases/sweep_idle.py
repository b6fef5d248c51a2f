"""Tell of endpoints that nobody calls and, where the environment wants it, stop them after a warning."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.contracts import events, names
from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.idleness import idleness
from slipway.domain.timestamps import moment_of, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.idle import IdleRule
    from slipway.contracts.ledger import EndpointState
    from slipway.contracts.promotion import PromotionRequest
    from slipway.domain.idleness import Idleness
    from slipway.usecases.ports import Clock, EventBus, Executions, Hosting, Ledger, Traffic

ACTOR: Final = "the platform's rule for idle endpoints"


@dataclass(frozen=True, slots=True)
class IdleSweep:
    """One run over the endpoints of an environment."""

    rule: IdleRule
    environment: str
    resource_prefix: str
    promote_machine_arn: str
    ledger: Ledger
    hosting: Hosting
    traffic: Traffic
    executions: Executions
    events: EventBus
    clock: Clock
    prices: Prices = LIST_PRICES

    def sweep_idle(self) -> dict[str, list[str]]:
        """Names of the endpoints that were ``warned`` of and ``stopped``."""
        done: dict[str, list[str]] = {"warned": [], "stopped": []}
        if self.rule["days"] == 0:
            return done
        for summary in self.hosting.endpoints(f"{self.resource_prefix}-"):
            state = self.ledger.endpoint_state(summary["EndpointName"])
            if state is None or state["status"] != "in-service" or summary["EndpointStatus"] != "InService":
                continue
            if self._serves_by_the_call(state) or self._is_kept(state):
                continue
            now = self.clock()
            found = self._idleness(state, now)
            if found.step == "warn":
                self._warn(state, found, now)
                done["warned"].append(state["endpoint"])
            elif found.step == "stop":
                self._stop(state, found)
                done["stopped"].append(state["endpoint"])
        return done

    def _serves_by_the_call(self, state: EndpointState) -> bool:
        """Serverless endpoints cost nothing while nobody calls them."""
        return state["kind"] == "serverless"

    def _is_kept(self, state: EndpointState) -> bool:
        record = self.ledger.version(state["project"], state["model"], state["layout"][0]["version"])
        return record is not None and bool(record["manifest"]["serving"].get("keep_idle", False))

    def _idleness(self, state: EndpointState, now: datetime) -> Idleness:
        since = now - timedelta(days=self.rule["days"] + self.rule["warn_days"] + 1)
        variants = [one["variant"] for one in state["layout"]]
        warned_at = self.ledger.idle_warned_at(state["endpoint"])
        return idleness(
            self.rule,
            changed_at=moment_of(state["changed_at"]),
            called_at=self.traffic.called_at(state["endpoint"], variants, since, now),
            warned_at=moment_of(warned_at) if warned_at else None,
            now=now,
        )

    def _warn(self, state: EndpointState, found: Idleness, now: datetime) -> None:
        champion = state["layout"][0]
        self.events.emit(
            events.ENDPOINT_IDLE,
            {
                "environment": self.environment,
                "release_id": champion["release_id"],
                "project": state["project"],
                "model": state["model"],
                "version": champion["version"],
                "endpoint": state["endpoint"],
                "idle_since": timestamp(found.idle_since),
                "stops_at": timestamp(found.stops_at) if found.stops_at is not None else "",
                "usd_per_month": self._usd_per_month(state["endpoint"]),
            },
        )
        self.ledger.note_idle_warning(state["endpoint"], timestamp(now))

    def _usd_per_month(self, endpoint: str) -> float | None:
        described = self.hosting.endpoint(endpoint) or {}
        config = self.hosting.endpoint_config(described.get("EndpointConfigName", "")) or {}
        types = {
            one["VariantName"]: one.get("InstanceType", "") for one in config.get("ProductionVariants", ())
        }
        costs = [
            self.prices.usd_per_month(types.get(one["VariantName"], ""), one.get("CurrentInstanceCount", 0))
            for one in described.get("ProductionVariants") or ()
        ]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known and len(known) == len(costs) else None

    def _stop(self, state: EndpointState, found: Idleness) -> None:
        champion = state["layout"][0]
        request: PromotionRequest = {
            "project": state["project"],
            "model": state["model"],
            "version": champion["version"],
            "release_id": champion["release_id"],
            "cause": "promote",
            "actor": ACTOR,
            "reason": f"nobody has called it since {timestamp(found.idle_since)}",
            "action": "stop",
        }
        # The same stop asked for twice is one execution: its name says which state of the endpoint ends.
        name = f"idle-{state['endpoint']}"[: names.MAX_SAGEMAKER_NAME] + f"-{state['fence']}"
        self.executions.start(self.promote_machine_arn, name, json.dumps({"request": request}))
