"""What stands behind an endpoint's variants: config, model, the identity it answers with, the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.serving_lineage import Served, identity_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.usecases.record_lineage import LineageSources


def read_served(described: Mapping[str, Any], sources: LineageSources) -> list[Served]:
    """
    Each variant that DescribeEndpoint tells of; none while the endpoint is being made.

    Args:
        described: DescribeEndpoint.
        sources: Where the rest is read.
    """
    variants = described.get("ProductionVariants") or ()
    if not variants:
        return []
    config = sources.hosting.endpoint_config(described["EndpointConfigName"]) or {}
    configured = {one["VariantName"]: one for one in config.get("ProductionVariants") or ()}
    served = []
    for variant in variants:
        of_config = configured.get(variant["VariantName"], {})
        model = sources.hosting.model(of_config["ModelName"]) if of_config.get("ModelName") else None
        identity = identity_in(model or {})
        version = (
            sources.ledger.version(identity["project"], identity["model"], identity["version"])
            if identity
            else None
        )
        served.append(Served(variant, of_config, identity, version))
    return served
