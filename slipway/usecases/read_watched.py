"""What stands on an endpoint, as SageMaker tells it now, with what the ledger knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts import names
from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.serving_config import data_version
from slipway.domain.serving_lineage import identity_in
from slipway.domain.watched import WatchedEndpoint, WatchedVariant, marks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.usecases.ports import Hosting, Versions


def read_watched(
    described: Mapping[str, Any],
    *,
    hosting: Hosting,
    ledger: Versions,
    environment: str,
    runbook: str,
    prices: Prices = LIST_PRICES,
) -> WatchedEndpoint | None:
    """
    An endpoint with all that is said of it.

    Args:
        described: DescribeEndpoint.
        hosting: Where configs and models are read.
        ledger: Where versions and the champion's moves are read.
        environment: Of the platform.
        runbook: The page that says what to do.
        prices: Of its instances.

    Returns:
        None: nothing stands there, or what does was not put there by the platform.
    """
    config = hosting.endpoint_config(described["EndpointConfigName"]) or {}
    found = [
        *_variants(described, config, "ProductionVariants", hosting),
        *_variants(described, config, "ShadowProductionVariants", hosting),
    ]
    found.sort(key=lambda pair: pair[0].variant != names.VARIANT)
    if not found:
        return None
    variants, identity = [variant for variant, _ in found], found[0][1]
    project, model = identity["project"], identity["model"]
    version = ledger.version(project, model, identity["version"])
    return WatchedEndpoint(
        environment=environment,
        region=described["EndpointArn"].split(":")[3],
        project=project,
        model=model,
        endpoint=described["EndpointName"],
        variants=variants,
        marks=marks_of(ledger.alias_history(project, model, names.CHAMPION)),
        data=data_version(version["training_data"]) if version else identity.get("data_version", ""),
        report_uri=version["report_uri"] if version else "",
        runbook=runbook,
        usd_per_month=_usd_per_month(variants, prices),
    )


def _variants(
    described: Mapping[str, Any], config: Mapping[str, Any], key: str, hosting: Hosting
) -> Iterator[tuple[WatchedVariant, Mapping[str, str]]]:
    configured = {one["VariantName"]: one for one in config.get(key) or ()}
    shadow = key != "ProductionVariants"
    total = sum(float(one.get("CurrentWeight") or 0) for one in described.get("ProductionVariants") or ())
    for one in described.get(key) or ():
        of_config = configured.get(one["VariantName"], {})
        model_name = of_config.get("ModelName", "")
        identity = identity_in(hosting.model(model_name) or {}) if model_name else {}
        if not identity:
            continue
        weight = float(one.get("CurrentWeight") or 0)
        role = "shadow" if shadow else "champion" if one["VariantName"] == names.VARIANT else "beside"
        yield (
            WatchedVariant(
                variant=one["VariantName"],
                version=identity["version"],
                model_name=model_name,
                role=role,
                share=weight / total if total else 0.0,
                instance_type=of_config.get("InstanceType", ""),
                instances=int(one.get("CurrentInstanceCount") or 0),
            ),
            identity,
        )


def _usd_per_month(variants: list[WatchedVariant], prices: Prices) -> float | None:
    """What all instances cost as they are now; None where a price is not known, or none are rented."""
    costs = [prices.usd_per_month(variant.instance_type, variant.instances) for variant in variants]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None
