"""Metrics that are read off endpoints regularly, not counted by requests: what autoscaling looks at."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.store import Scope, current_scope
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.sagemaker.endpoints import Endpoints
    from workbench.local.sagemaker.fleet import Variant
    from workbench.local.sagemaker.surroundings import Surroundings

logger = logging.getLogger("slipway.sagemaker")
NAMESPACE: Final = "AWS/SageMaker"
SAMPLE_SECONDS: Final = 0.25
PUBLISH_SECONDS: Final = 10.0
"""By SageMaker's clock: that of metrics of high resolution."""


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0


class Gauges:
    """One thread that samples each variant which is a scalable target, and publishes the mean."""

    def __init__(
        self, surroundings: Surroundings, endpoints: Endpoints, tell_queue: Callable[[str, int], None]
    ) -> None:
        self._surroundings, self._endpoints, self._tell_queue = surroundings, endpoints, tell_queue
        self._records = surroundings.store.records("endpoint")
        self._means: dict[tuple[Scope, str, str], _Mean] = {}
        self._published = 0.0

    def start(self) -> None:
        """Begin, in a thread of its own."""
        start_thread("gauges", self._loop)

    def _loop(self) -> None:
        while True:
            time.sleep(SAMPLE_SECONDS)
            try:
                self.turn()
            except Exception:
                logger.exception("gauges")

    def turn(self) -> None:
        """Sample; publish when it is time."""
        due = time.monotonic() - self._published >= self._surroundings.server.clock.real(PUBLISH_SECONDS)
        for scope, name, endpoint in self._records.everywhere():
            with seams.RESPONSES.scope(*scope):
                fleet = self._endpoints.fleet(name)
                if fleet is None:
                    continue
                fleet.end_idle(self._surroundings.server.clock.now())
                if due and "AsyncInferenceConfig" in endpoint.get("_served", {}).get("config", {}):
                    self._tell_queue(name, sum(fleet.counts().values()))
                for variant in list(fleet.variants.values()):
                    self._look(name, variant, publish=due)
        if due:
            self._published = time.monotonic()

    def _look(self, name: str, variant: Variant, *, publish: bool) -> None:
        if self._surroundings.is_target(name, variant.name):
            self._sample(name, variant, publish=publish)
        if variant.environments is not None and publish:
            share = variant.environments.utilization(variant)
            if share is not None:
                dimensions = {"EndpointName": name, "VariantName": variant.name}
                value = ("ServerlessProvisionedConcurrencyUtilization", share, "None")
                self._surroundings.measure(NAMESPACE, dimensions, value)

    def _sample(self, name: str, variant: Variant, *, publish: bool) -> None:
        mean = self._means.setdefault((current_scope(), name, variant.name), _Mean())
        processes = list(variant.processes)
        mean.total += sum(process.in_flight for process in processes) / max(len(processes), 1)
        mean.count += 1
        if not publish:
            return
        dimensions = {"EndpointName": name, "VariantName": variant.name}
        values: list[Any] = [("ConcurrentRequestsPerModel", mean.total / mean.count, "Count")]
        # without traffic SageMaker gives zeros for what is scaled, so that instances can be taken away
        values.append(("InvocationsPerInstance", 0.0, "Count"))
        self._surroundings.measure(NAMESPACE, dimensions, *values)
        mean.total, mean.count = 0.0, 0
