"""Variants as DescribeEndpoint tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.local.sagemaker.fleet import Fleet, Variant
    from workbench.local.sagemaker.store import Document


def describe_variants(fleet: Fleet, at: float) -> list[Document]:
    """ProductionVariants of DescribeEndpoint."""
    return [_described(variant, at) for variant in fleet.variants.values()]


def describe_shadows(fleet: Fleet, at: float) -> list[Document] | None:
    """ShadowProductionVariants of DescribeEndpoint; None: it has none."""
    return [_described(variant, at) for variant in fleet.shadows.values()] or None


def _described(variant: Variant, at: float) -> Document:
    return {
        "VariantName": variant.name,
        "DeployedImages": [
            {"SpecifiedImage": variant.image, "ResolvedImage": variant.resolved, "ResolutionTime": at}
        ],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        **_capacity(variant),
    }


def _capacity(variant: Variant) -> Document:
    if variant.environments is not None:
        config = variant.environments.config
        return {"CurrentServerlessConfig": config, "DesiredServerlessConfig": config}
    return {
        "CurrentInstanceCount": variant.instance_count,
        "DesiredInstanceCount": variant.desired_count,
    }
