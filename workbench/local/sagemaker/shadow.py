"""Shadow variants: they get copies of requests, and nobody gets their answers."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.invocation_metrics import count_invocation
from workbench.local.sagemaker.model_call import Asked, ask

if TYPE_CHECKING:
    from workbench.local.sagemaker.capture import Captured, Captures
    from workbench.local.sagemaker.exchange import Connections
    from workbench.local.sagemaker.fleet import Fleet, Variant
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Surroundings
    from workbench.local.sagemaker.traffic import Route

logger = logging.getLogger("slipway.sagemaker")

MOST_AT_ONCE: Final = 64
"""Copies under way; of a shadow that is slower than its requests come, the rest gets none."""


def check_shadows(request: Document) -> None:
    """
    Check the shadow variants of an endpoint configuration.

    Raises:
        ServiceError: ValidationException unless there are none, or one beside one production variant.
    """
    shadows, production = request.get("ShadowProductionVariants", []), request["ProductionVariants"]
    if not shadows:
        return
    if len(shadows) > 1 or len(production) > 1:
        raise invalid(
            "An endpoint configuration with shadow variants can have one production variant and one shadow "
            "variant only"
        )
    if shadows[0]["VariantName"] == production[0]["VariantName"]:
        raise invalid("Production variant names must be unique within an endpoint configuration")
    if request.get("AsyncInferenceConfig") or any(
        "ServerlessConfig" in one for one in (*shadows, *production)
    ):
        raise invalid("Shadow variants are supported for real-time endpoints with instances only")


def share_of(shadow: Variant, production: Variant) -> float:
    """The share of a variant's requests that its shadow gets, 0 to 1: its weight in units of the other's."""
    return min(shadow.weight / production.weight, 1.0) if production.weight else 0.0


class Mirror:
    """
    Sends copies once the caller has got the answer.

    Args:
        surroundings: For metrics.
        connections: To serving processes.
        captures: Where answers are kept, if the endpoint captures any.
    """

    def __init__(self, surroundings: Surroundings, connections: Connections, captures: Captures) -> None:
        self._surroundings, self._connections, self._captures = surroundings, connections, captures
        self._under_way: set[asyncio.Task[None]] = set()
        self.dropped = 0
        """Copies that were not sent, as too many were under way."""

    def reflect(self, name: str, route: Route, asked: Asked, captured: Captured | None, draw: float) -> None:
        """
        Send a copy to the shadow of the fleet that answered, if it has one and the draw is in its share.

        Args:
            name: The endpoint.
            route: Where the request went.
            asked: The request.
            captured: What is kept of it; None: it is not in the sample.
            draw: In [0, 1).
        """
        for shadow in route.fleet.shadows.values():
            if draw >= share_of(shadow, route.variant):
                continue
            if len(self._under_way) >= MOST_AT_ONCE:
                self.dropped += 1
                logger.warning("%s: %d copies of requests dropped, the shadow is slow", name, self.dropped)
                continue
            work = self._copy(name, route.fleet, shadow, asked, captured)
            task = asyncio.get_running_loop().create_task(work)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _copy(
        self, name: str, fleet: Fleet, shadow: Variant, asked: Asked, captured: Captured | None
    ) -> None:
        process = shadow.take()
        if process is None:
            return
        copy = Asked(asked.headers, asked.body, time.perf_counter())
        answered = await ask(self._connections, process, copy)
        count_invocation(self._surroundings, name, fleet, shadow, copy, answered)
        if captured is not None and answered.succeeded:
            self._captures.keep(captured.of(shadow), asked, answered)
