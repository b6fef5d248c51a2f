"""Which production variant gets a request."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from workbench.local.sagemaker.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.fleet import Variant


def choose(variants: Mapping[str, Variant], target: str | None, draw: float | None = None) -> Variant:
    """
    The variant that ``target`` names, or one drawn by weight.

    Args:
        variants: Those of the endpoint, by name.
        target: The request's TargetVariant.
        draw: A number in [0, 1); drawn when None.

    Raises:
        ServiceError: ValidationError when the endpoint has no variant of that name.
    """
    if target is not None:
        if target not in variants:
            raise ServiceError(
                "ValidationError",
                f"Variant {target} is not found; the endpoint has {', '.join(sorted(variants))}",
            )
        return variants[target]
    found = list(variants.values())
    if len(found) == 1:
        return found[0]
    total = sum(variant.weight for variant in found)
    point = (random.random() if draw is None else draw) * total  # noqa: S311 - traffic, not secrets
    for variant in found:
        point -= variant.weight
        if point < 0:
            return variant
    return found[-1]
