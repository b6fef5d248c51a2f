"""What runs for a serverless variant: nothing until it is asked, then a process for each request."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import ServiceError
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.sagemaker.fleet import Variant
    from workbench.local.sagemaker.serving_process import ServingProcess
    from workbench.local.sagemaker.store import Document

IDLE_SECONDS: Final = 300.0
"""After which an environment that nobody asks is ended, by SageMaker's clock; AWS does not say its own."""
LARGEST_BODY: Final = 4 << 20
START_SECONDS: Final = 60.0
"""A request waits no longer for its environment: InvokeEndpoint's own limit."""
_TURN_SECONDS: Final = 0.02


class Environments:
    """
    The processes of one serverless variant.

    Args:
        config: ServerlessConfig.
        most: How many processes this machine bears.
        add: Starts one process more and waits until it is healthy; raises FleetError.
    """

    def __init__(self, config: Document, most: int, add: Callable[[], None]) -> None:
        self.config, self._most, self._add = config, most, add
        self._lock = threading.Lock()
        self._waiting = self._starting = self._failures = 0
        self._failure = ""
        self._used: weakref.WeakKeyDictionary[ServingProcess, float] = weakref.WeakKeyDictionary()

    @property
    def kept(self) -> int:
        """Processes that are kept for provisioned concurrency, asked or not."""
        return min(int(self.config.get("ProvisionedConcurrency", 0)), self._most)

    def utilization(self, variant: Variant) -> float | None:
        """The share of the provisioned concurrency that is in use; None: nothing is provisioned."""
        provisioned = int(self.config.get("ProvisionedConcurrency", 0))
        return min(self._busy(variant) / provisioned, 1.0) if provisioned else None

    def _busy(self, variant: Variant) -> int:
        return sum(process.in_flight for process in list(variant.processes))

    async def take(self, variant: Variant, size: int) -> ServingProcess:
        """
        A process that has the request; one is started when all are busy.

        Args:
            variant: Whose environments these are.
            size: The request's body, bytes.

        Raises:
            ServiceError: It is too large, there are too many at a time, or no process can be started.
        """
        if size > LARGEST_BODY:
            raise ServiceError(
                "ValidationError",
                "1 validation error detected: Value at 'body' failed to satisfy constraint: "
                f"Member must have length less than or equal to {LARGEST_BODY}",
            )
        if self._busy(variant) + self._waiting >= int(self.config["MaxConcurrency"]):
            raise ServiceError("ThrottlingException", "Rate exceeded")
        self._waiting += 1
        failures, deadline = self._failures, time.monotonic() + START_SECONDS
        try:
            while (process := self._taken(variant)) is None:
                failed = self._failures > failures and not variant.processes
                if failed or time.monotonic() > deadline:
                    told = f"No environment of serverless variant {variant.name} could be started. "
                    raise ServiceError("ServiceUnavailable", told + self._failure, 503)
                await asyncio.sleep(_TURN_SECONDS)
        finally:
            self._waiting -= 1
        return process

    def _taken(self, variant: Variant) -> ServingProcess | None:
        healthy = [process for process in list(variant.processes) if process.healthy]
        for process in healthy:
            if process.in_flight == 0 and process.take():
                return process
        with self._lock:
            known = max(len(variant.processes), len(healthy) + self._starting)
            wanted = int(self.config["MaxConcurrency"])
            if known < min(wanted, self._most) and self._starting < self._waiting:
                self._starting += 1
                start_thread(f"cold-start-{variant.name}", self._start)
            if self._starting or wanted <= self._most:
                return None
        # this machine bears no more processes than these: they are shared
        return variant.take()

    def _start(self) -> None:
        from workbench.local.sagemaker.fleet import FleetError  # noqa: PLC0415 - fleet imports this module

        try:
            self._add()
        except FleetError as error:
            self._failure = str(error)
            self._failures += 1
        finally:
            with self._lock:
                self._starting -= 1

    def idle(self, variant: Variant, now: float) -> list[ServingProcess]:
        """Those that nobody asked for a while, beyond those that are kept; looked at again and again."""
        found = []
        for process in variant.processes:
            if process.in_flight or self._waiting or not process.healthy:
                self._used[process] = now
            elif now - self._used.setdefault(process, now) > IDLE_SECONDS:
                found.append(process)
        return found[: max(len(variant.processes) - self.kept, 0)]
