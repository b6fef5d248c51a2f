"""From a layout that is wanted, and what is in service, to everything that the promote machine does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.domain import layout as layouts
from slipway.domain.guardrails import deployment_config
from slipway.domain.promotion_strategy import AT_ONCE
from slipway.domain.serving_alarms import alarms_of, names_of
from slipway.domain.serving_config import endpoint_config_request, identity_of, model_name, model_request
from slipway.domain.serving_scaling import scaled_variant, scaling_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import EndpointState, VersionRecord
    from slipway.contracts.promotion import (
        Action,
        LayoutEntry,
        Promotion,
        PromotionRequest,
        ScaledVariant,
        ScalingTarget,
        ServingKind,
    )
    from slipway.domain.serving import Serving, Strategy
    from slipway.domain.site import Site

ON_TRIAL: Final = ("challenger", "shadow")
"""Roles in which a trial puts a version."""


@dataclass(frozen=True, slots=True)
class EndpointNow:
    """What the ledger says of an endpoint."""

    name: str
    state: EndpointState | None
    """None: nothing was promoted to it since the ledger keeps states."""
    aliases: Mapping[str, tuple[str, str]]
    """Protected alias to the version and the release that it points to."""
    kind: ServingKind | None
    """Of what is in service; None: nothing is, or nobody knows."""

    @property
    def layout(self) -> list[LayoutEntry]:
        """What is in service; empty: nothing."""
        if self.state is not None:
            return self.state["layout"] if self.state["status"] == "in-service" else []
        champion = self.aliases.get(names.CHAMPION)
        return layouts.alone(*champion) if champion else []

    @property
    def believed_config(self) -> str | None:
        """The endpoint config that serves; None: nothing does, or nobody knows."""
        in_service = self.state is not None and self.state["status"] == "in-service"
        return self.state["config_name"] if self.state is not None and in_service else None

    @property
    def previous(self) -> dict[str, Any] | None:
        """Where the champion's alias points."""
        champion = self.aliases.get(names.CHAMPION)
        return {"version": champion[0], "release_id": champion[1]} if champion else None

    @property
    def trial(self) -> str:
        """The trial that runs on it; empty: none."""
        tried = any(one["role"] in ON_TRIAL for one in self.layout)
        return self.state.get("trial_id", "") if self.state is not None and tried else ""

    def other_trial(self, request: PromotionRequest) -> str:
        """The trial that runs on it, if it is not the request's own; else empty."""
        return self.trial if self.trial != request.get("trial_id", "") else ""

    def scaled_variants(self) -> list[ScaledVariant]:
        """What may be a scalable target."""
        if self.kind == "serverless":
            return []
        return [scaled_variant(self.name, one["variant"]) for one in self.layout if one["role"] != "shadow"]


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """A layout that is possible, on its way to requests."""

    request: PromotionRequest
    action: Action
    site: Site
    now: EndpointNow
    wanted: list[LayoutEntry]
    records: Mapping[str, VersionRecord]
    servings: Mapping[str, Serving]
    strategy: Strategy

    def promotion(self) -> Promotion:
        """Everything that the machine needs."""
        site, now, wanted = self.site, self.now, self.wanted
        prefix = site.policy["resource_prefix"]
        champion = wanted[0]
        config = layouts.config_name(prefix, self.request["model"], wanted)
        models = {version: model_name(prefix, record) for version, record in self.records.items()}
        requests = {
            version: model_request(site, record, name=models[version], tags=self._tags(record))
            for version, record in self.records.items()
        }
        alarms = self._alarms(config, models)
        answering = self._answering()
        targets = self._targets()
        tags = self._tags(self.records[champion["version"]])
        return {
            "endpoint_name": now.name,
            "endpoint_config_name": config,
            "model_name": models[answering["version"]],
            "identity": identity_of(self.records[answering["version"]]),
            "model_requests": list(requests.values()),
            "endpoint_config_request": endpoint_config_request(
                site, wanted, self.servings, models, endpoint_name=now.name, name=config, tags=tags
            ),
            "deployment_config": self._deployment(alarms),
            "retain_variant_properties": self._retains(),
            "fewest_retained": self._mover().fewest_instances,
            "exclude_retained": [
                {"VariantPropertyType": what} for what in ("DesiredWeight", "DataCaptureConfig")
            ],
            "alarms": alarms,
            "tags": tags,
            "scaling_targets": targets,
            "scaling_removals": now.scaled_variants(),
            "smoke": self._smoke(answering),
            "previous": now.previous,
            "poll_seconds": site.policy["poll_seconds"],
            "action": self.action,
            "kind": self.servings[champion["version"]].kind,
            "layout": wanted,
            "alias_moves": layouts.alias_moves(now.aliases, wanted),
            "believed_config": now.believed_config,
            "trial_id": self._trial(),
            "superseded_trial": "" if self._trial() == now.trial else now.other_trial(self.request),
        }

    def _tags(self, record: VersionRecord) -> list[dict[str, str]]:
        return self.site.tags(record["project"], record["model"], record["version"], record["release_id"])

    def _answering(self) -> LayoutEntry:
        """Who answers the smoke test: the version, or the champion where that answers nobody."""
        version = self.request["version"]
        return next(
            (one for one in self.wanted if one["version"] == version and one["role"] != "shadow"),
            self.wanted[0],
        )

    def _smoke(self, answering: LayoutEntry) -> dict[str, Any]:
        several = sum(one["role"] != "shadow" for one in self.wanted) > 1
        sample = self.servings[answering["version"]].sample
        return {
            "content_type": sample.content_type,
            "accept": sample.accept,
            "body": sample.body,
            "variant": answering["variant"] if several else "",
        }

    def _alarms(self, config: str, models: Mapping[str, str]) -> list[dict[str, Any]]:
        return [
            alarm
            for one in self.wanted
            for alarm in alarms_of(
                self.now.name,
                config,
                variant=one["variant"],
                model_name=models[one["version"]],
                limits=self.servings[one["version"]].alarms,
                predictions=self.records[one["version"]].get("predictions"),
            )
        ]

    def _deployment(self, alarms: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
        """Guardrails, where SageMaker has them."""
        champion = self.servings[self.wanted[0]["version"]]
        before = self.now.layout or self.wanted
        if champion.kind == "serverless" or not layouts.same_variants(before, self.wanted):
            return None
        startup = max(serving.startup_timeout_seconds for serving in self.servings.values())
        return deployment_config(self._mover(), startup, names_of(alarms, self._answering()["variant"]))

    def _mover(self) -> Strategy:
        """How traffic moves: only who takes the champion's place does so step by step."""
        return self.strategy if self.action == "serve" else AT_ONCE

    def _retains(self) -> bool:
        """Autoscaled counts stay; where a variant may stand at none, the new fleet begins with some."""
        servings = self.servings.values()
        scaled = any(serving.scaled for serving in servings)
        return bool(self.now.layout) and scaled and all(serving.fewest_instances for serving in servings)

    def _targets(self) -> list[ScalingTarget]:
        found = (
            scaling_target(self.now.name, one["variant"], self.servings[one["version"]])
            for one in self.wanted
            if one["role"] != "shadow"
        )
        return [target for target in found if target is not None]

    def _trial(self) -> str:
        """Whose challenger stands there then."""
        wanted, now = _tried(self.wanted), _tried(self.now.layout)
        if self.action in ("beside", "shadow") and self.request.get("trial_id"):
            return self.request["trial_id"]
        return self.now.trial if wanted & now else ""


def _tried(layout: Sequence[LayoutEntry]) -> set[str]:
    """Versions that are on trial."""
    return {one["version"] for one in layout if one["role"] in ON_TRIAL}


def stop(request: PromotionRequest, now: EndpointNow, site: Site, champion: VersionRecord) -> Promotion:
    """Nothing is to stand; the champion's alias stays, as it says what served last."""
    prefix = site.policy["resource_prefix"]
    project, model, version = champion["project"], champion["model"], champion["version"]
    return {
        "endpoint_name": now.name,
        "endpoint_config_name": now.believed_config or layouts.config_name(prefix, model, now.layout),
        "model_name": model_name(prefix, champion),
        "identity": identity_of(champion),
        "model_requests": [],
        "endpoint_config_request": {},
        "deployment_config": None,
        "retain_variant_properties": False,
        "fewest_retained": 1,
        "exclude_retained": [],
        "alarms": [],
        "tags": site.tags(project, model, version, champion["release_id"]),
        "scaling_targets": [],
        "scaling_removals": now.scaled_variants(),
        "smoke": {},
        "previous": now.previous,
        "poll_seconds": site.policy["poll_seconds"],
        "action": "stop",
        "kind": now.kind or "real-time",
        "layout": [],
        "alias_moves": layouts.alias_moves(now.aliases, []),
        "believed_config": now.believed_config,
        "trial_id": "",
        "superseded_trial": now.other_trial(request),
    }
