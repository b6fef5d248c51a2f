"""The queue of asynchronous endpoints: who is asked next, and how long the queue is."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.async_requests import KIND
from workbench.local.sagemaker.async_run import AsyncRun
from workbench.local.sagemaker.endpoint_kinds import kind_of
from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.traffic import Draw
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.endpoints import Endpoints
    from workbench.local.sagemaker.serving_process import ServingProcess
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Surroundings
    from workbench.local.sagemaker.traffic import Route

logger = logging.getLogger("slipway.sagemaker")
NAMESPACE: Final = "AWS/SageMaker"
DEFAULT_CONCURRENCY: Final = 4
"""Requests at a time on an instance, where the configuration says nothing and SageMaker would choose."""
TURN_SECONDS: Final = 0.2


class AsyncQueue:
    """
    Requests wait on disk, so that they survive any end of the server; one that was under way is begun again.

    One thread looks who is next; each request then has a thread of its own.
    """

    def __init__(self, surroundings: Surroundings, endpoints: Endpoints) -> None:
        self._surroundings, self._endpoints = surroundings, endpoints
        self.records = surroundings.store.records(KIND)
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        start_thread("async-queue", self._loop)

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def _loop(self) -> None:
        while True:
            self._wake.wait(TURN_SECONDS)
            self._wake.clear()
            try:
                self.turn()
            except Exception:
                logger.exception("asynchronous requests")

    def turn(self) -> None:
        """Begin what can begin, the oldest first."""
        waiting = [one for one in self.records.everywhere() if one[1] not in self._running]
        full: set[tuple[tuple[str, str], str]] = set()
        for scope, _, request in sorted(waiting, key=lambda one: float(one[2]["received"])):
            name = request["endpoint"]
            if (scope, name) in full:
                continue
            with seams.RESPONSES.scope(*scope):
                if not self._begin(request):
                    full.add((scope, name))

    def _begin(self, request: Document) -> bool:
        """Whether the next one of the endpoint may be tried."""
        try:
            served = self._endpoints.get(request["endpoint"]).get("_served")
        except ServiceError:
            served = {}
        if served is None:
            return False
        if not served or kind_of(served["config"]) != "asynchronous":
            self.records.remove(request["id"])  # its endpoint was deleted
            return True
        config = served["config"]["AsyncInferenceConfig"]
        variant = served["config"]["ProductionVariants"][0]
        role = served["models"][variant["ModelName"]]["ExecutionRoleArn"]
        run = AsyncRun(self._surroundings, request, config, role)
        if time.time() > request["received"] + request["ttl"]:
            self._spawn(request, run.expire)
            return True
        found = self._taken(request["endpoint"], config)
        if found is None:
            return False
        self._spawn(request, self._run, request, run, *found)
        return True

    def _taken(self, name: str, config: Document) -> tuple[Route, ServingProcess] | None:
        traffic = self._endpoints.traffic(name)
        if traffic is None:
            return None
        route = traffic.route(None, Draw())
        client = config.get("ClientConfig") or {}
        most = client.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY)
        process = route.take()
        if process is not None and process.in_flight > most:
            process.release()
            return None
        return (route, process) if process is not None else None

    def _spawn(self, request: Document, work: Any, *arguments: Any) -> None:
        with self._lock:
            self._running.add(request["id"])
        start_thread(f"async-{request['inference_id'][:20]}", self._done, request, work, *arguments)

    def _done(self, request: Document, work: Any, *arguments: Any) -> None:
        try:
            if work(*arguments) is not False:
                self.records.remove(request["id"])
        except Exception:
            logger.exception("asynchronous request %s", request["inference_id"])
            self.records.remove(request["id"])
        finally:
            with self._lock:
                self._running.discard(request["id"])
            self.wake()

    def _run(self, request: Document, run: AsyncRun, route: Route, process: ServingProcess) -> bool:
        done = run.run(route, process)
        if not done:
            self.records.update(request["id"], attempts=request["attempts"] + 1)
        return done

    def publish(self, name: str, instances: int) -> None:
        """
        Tell CloudWatch how long an endpoint's queue is.

        Args:
            name: An asynchronous endpoint.
            instances: How many it has; the backlog of none is counted as that of one.
        """
        waiting = [request for request in self.records.all() if request["endpoint"] == name]
        oldest = min((request["received"] for request in waiting), default=time.time())
        values: list[Any] = [
            ("ApproximateBacklogSize", float(len(waiting)), "Count"),
            ("ApproximateBacklogSizePerInstance", len(waiting) / max(instances, 1), "Count"),
            ("ApproximateAgeOfOldestRequest", max(time.time() - oldest, 0.0), "Seconds"),
            ("HasBacklogWithoutCapacity", float(bool(waiting) and instances == 0), "Count"),
        ]
        self._surroundings.measure(NAMESPACE, {"EndpointName": name}, *values)
