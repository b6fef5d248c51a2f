"""Nodes of promotions and endpoints, and what each endpoint serves now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import container, names
from slipway.contracts.lineage import node_id
from slipway.domain.derivation import contributed, edge, node_of, package_id, time_text
from slipway.domain.package_lineage import GONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import Failure, VersionRecord
    from slipway.contracts.lineage import NodeFacts, Serving, ServingVariant
    from slipway.contracts.lineage_facts import EndpointFacts, PromotionFacts
    from slipway.domain.execution import Execution

DELETED: Final = "Deleted"
_SETTLED: Final = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")
_STATUSES: Final = {"SUCCEEDED": "deployed", "ABORTED": "stopped", "RUNNING": "running"}
_NOT_ENDED: Final = ("RUNNING", "PENDING_REDRIVE")


def promotion_revision(status: str, started_at: str, ended_at: str, redriven_at: str = "") -> str:
    """
    What ``as_of`` of a promotion begins with.

    >>> promotion_revision("SUCCEEDED", "2026-11-22T03:00:00.000Z", "2026-11-22T03:01:00.000Z")
    '2026-11-22T03:01:00.000Z/1'
    """
    if status in _NOT_ENDED:
        return f"{redriven_at or started_at}/0"
    return f"{ended_at}/1"


def promotion_node(
    execution: Execution, *, resource_prefix: str, package_arn: str, failure: Failure | None
) -> NodeFacts:
    """
    One execution of the promote machine.

    Args:
        execution: It.
        resource_prefix: Names its endpoint.
        package_arn: Of the version's model package; empty where the ledger does not know it.
        failure: As the ledger tells it, of one that was asked for by hand.
    """
    request = execution.document["request"]
    planned = execution.output.get("promotion") or {}
    previous = planned.get("previous")
    facts: PromotionFacts = {
        "execution_arn": execution.arn,
        **{  # type: ignore[typeddict-item]  # six of its keys
            key: request[key] for key in ("release_id", "project", "model", "version", "cause", "actor")
        },
        "status": _STATUSES.get(execution.status, "failed" if execution.ended else "running"),
        "started_at": execution.started_at,
        "endpoint": names.endpoint(resource_prefix, request["project"], request["model"]),
    }
    if request.get("reason"):
        facts["reason"] = request["reason"]
    if execution.ended:
        facts["ended_at"] = execution.ended_at
    if planned:
        facts["previous"] = str(previous["version"]) if previous else ""
    if failure is not None:
        facts["failure"] = failure
    revision = promotion_revision(
        execution.status, execution.started_at, execution.ended_at, execution.redriven_at
    )
    return node_of(
        "promotion",
        execution.name,
        title=f"{request['model']}:{request['version']}",
        facts=facts,
        inputs=contributed(package_id(package_arn), node_id("approval", request["release_id"])),
        as_of=f"{revision}/{int(failure is not None)}",
    )


@dataclass(frozen=True, slots=True)
class Served:
    """One production variant: DescribeEndpoint's, its config's, its model's identity, and its version."""

    described: Mapping[str, Any]
    configured: Mapping[str, Any]
    identity: Mapping[str, str]
    version: VersionRecord | None

    @property
    def package(self) -> str:
        """The model package's id; empty where the ledger knows no such version of this very image."""
        version = self.version
        if version is None or version["image_digest"] != self.identity.get("image_digest"):
            return ""
        return package_id(version["package_arn"])


def identity_in(model: Mapping[str, Any]) -> dict[str, str]:
    """``contracts.promotion.Identity`` in the environment of a model that we made; else empty."""
    text = ((model.get("PrimaryContainer") or {}).get("Environment") or {}).get(container.IDENTITY)
    try:
        identity = json.loads(text) if text else {}
    except ValueError:
        return {}
    return identity if isinstance(identity, dict) else {}


def endpoint_revision(described: Mapping[str, Any]) -> str:
    """
    ``as_of`` of what an endpoint serves, also from ListEndpoints.

    It begins with the endpoint's creation: one that comes after another of the same name is newer than
    anything of that one, its deletion too.
    """
    created = time_text(described["CreationTime"])
    settled = int(described["EndpointStatus"] in _SETTLED)
    return f"{created}/{time_text(described['LastModifiedTime'])}/{settled}"


def serving_of(described: Mapping[str, Any], served: Sequence[Served]) -> Serving:
    """What an endpoint serves, with each variant's share of the traffic."""
    weights = [float(one.described.get("CurrentWeight") or 0) for one in served]
    total = sum(weights)
    variants: list[ServingVariant] = [
        {
            "variant": one.described["VariantName"],
            "package": one.package,
            "version": one.identity.get("version", ""),
            "share": round(weight / total, 6) if total else 0.0,
        }
        for one, weight in zip(served, weights, strict=True)
    ]
    identity = served[0].identity if served else {}
    return {
        "endpoint": described["EndpointName"],
        "project": identity.get("project", ""),
        "model": identity.get("model", ""),
        "status": described["EndpointStatus"],
        "variants": sorted(variants, key=lambda variant: variant["variant"]),
        "as_of": endpoint_revision(described),
    }


def deleted(before: Serving) -> Serving:
    """What is left to say of an endpoint that is not there any more."""
    created = before["as_of"].partition("/")[0].removesuffix(GONE)
    return {
        "endpoint": before["endpoint"],
        "project": "",
        "model": "",
        "status": DELETED,
        "variants": [],
        "as_of": f"{created}{GONE}",
    }


def endpoint_node(
    serving: Serving, served: Sequence[Served], config: str, promotions: Sequence[str]
) -> NodeFacts:
    """
    An endpoint.

    Args:
        serving: What it serves.
        served: Its variants.
        config: The endpoint config's name; empty for one that was deleted.
        promotions: Ids of the promotions of the versions that it serves.
    """
    facts: EndpointFacts = {"endpoint_name": serving["endpoint"], "status": serving["status"]}
    for key in ("project", "model"):
        if serving[key]:
            facts[key] = serving[key]
    if config:
        facts["config"] = config
    if served:
        facts["instance_type"] = str(served[0].configured.get("InstanceType", ""))
        facts["instance_count"] = sum(int(one.described.get("CurrentInstanceCount") or 0) for one in served)
    return node_of(
        "endpoint",
        serving["endpoint"],
        title=serving["endpoint"],
        facts=facts,
        inputs=[edge("AssociatedWith", promotion) for promotion in promotions],
        as_of=f"{serving['as_of']}/{len(promotions):06d}",
    )
