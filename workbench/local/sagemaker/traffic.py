"""Which fleet, and which of its production variants, gets a request."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.local.sagemaker.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.fleet import Fleet, Variant
    from workbench.local.sagemaker.serving_process import ServingProcess


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance says of one request: it stays, however often the request has to look for a process."""

    variant: float = field(default_factory=random.random)
    """In [0, 1): which variant."""
    fleet: float = field(default_factory=random.random)
    """In [0, 1): which fleet."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    fleet: Fleet
    variant: Variant
    instances: int | None = None
    """How many of the variant's instances take traffic; None: all."""

    def take(self) -> ServingProcess | None:
        """A healthy process that now has the request, until ``release``; None: there is none now."""
        return self.variant.take(self.instances)


@dataclass(frozen=True, slots=True)
class Traffic:
    """
    What gets an endpoint's requests.

    While an endpoint is updated, ``coming`` gets the ``shares`` (by variant, 0 to 1) of them, answered by
    ``activated`` of its instances.
    """

    fleet: Fleet
    coming: Fleet | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    activated: Mapping[str, int] = field(default_factory=dict)

    @property
    def fleets(self) -> tuple[Fleet, ...]:
        """All that may get requests."""
        return (self.fleet,) if self.coming is None else (self.fleet, self.coming)

    def route(self, target: str | None, draw: Draw) -> Route:
        """
        Where a request goes: to the variant that ``target`` names, or to one by weight.

        Raises:
            ServiceError: ValidationError when the endpoint has no variant of that name.
        """
        variant = choose(self.fleet.variants, target, draw.variant)
        if self.coming is None or draw.fleet >= self.shares.get(variant.name, 1.0):
            return Route(self.fleet, variant)
        # variants of another name come all at once: chosen anew among the new ones
        coming = self.coming.variants.get(variant.name) or choose(self.coming.variants, target, draw.variant)
        return Route(self.coming, coming, self.activated.get(coming.name))


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
