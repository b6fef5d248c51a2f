"""How an endpoint gets to its next configuration: new fleet healthy, traffic switched, old fleet down."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.deployment import SWITCHED, Deployment
from workbench.local.sagemaker.fleet import Fleet, FleetError
from workbench.local.sagemaker.store import Document, Records, Scope, current_scope
from workbench.local.sagemaker.traffic import Traffic
from workbench.local.sagemaker.variant_summary import describe_shadows, describe_variants
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.endpoint_events import EndpointEvents
    from workbench.local.sagemaker.fleet import Variant
    from workbench.local.sagemaker.surroundings import Surroundings

SERVER_GRACE_SECONDS: Final = 2.0
"""The server ends soon, whatever its programs do."""


class Rollout:
    """Works in the threads that the operations start; one at a time for each endpoint."""

    def __init__(self, surroundings: Surroundings, records: Records, events: EndpointEvents) -> None:
        self._surroundings, self._records, self._events = surroundings, records, events
        self._traffic: dict[tuple[Scope, str], Traffic] = {}
        self._starting: set[Fleet] = set()
        self._ending = threading.Event()
        self._lock, self._busy = threading.Lock(), dict[tuple[Scope, str], threading.RLock]()

    def _alone(self, name: str) -> threading.RLock:
        """Held by whoever changes the endpoint: a change that comes before it serves again waits for that."""
        with self._lock:
            return self._busy.setdefault((current_scope(), name), threading.RLock())

    def traffic(self, name: str) -> Traffic | None:
        """What gets the endpoint's requests; None while there is nothing."""
        return self._traffic.get((current_scope(), name))

    def fleet(self, name: str) -> Fleet | None:
        """What the endpoint is said to run: while it is updated, still what ran before."""
        found = self.traffic(name)
        return found.fleet if found is not None else None

    def _direct(self, name: str, traffic: Traffic) -> None:
        self._traffic[current_scope(), name] = traffic

    def _start(self, name: str, taken: Document) -> Fleet:
        fleet = Fleet(self._surroundings, name, taken["config"], taken["models"])
        self._starting.add(fleet)
        try:
            fleet.start()
        finally:
            self._starting.discard(fleet)
        return fleet

    def _served(self, fleet: Fleet, taken: Document) -> Document:
        """What the record says once a fleet has the traffic."""
        return {
            "EndpointStatus": "InService",
            "EndpointConfigName": fleet.config_name,
            **_described(fleet),
            "_capture": taken["config"].get("DataCaptureConfig"),
            "_served": {"config": taken["config"], "models": taken["models"]},
            "_pending": None,
            "PendingDeploymentSummary": None,
        }

    def create(self, name: str) -> None:
        """The first fleet of an endpoint."""
        endpoint = self._records.get(name)
        if endpoint is None:
            return
        taken = endpoint["_pending"]
        try:
            fleet = self._start(name, taken)
        except FleetError as error:
            if not self._ending.is_set():
                self._events.change(name, EndpointStatus="Failed", FailureReason=str(error), _pending=None)
            return
        self._direct(name, Traffic(fleet))
        self._events.change(name, **self._served(fleet, taken))

    def update(self, name: str) -> None:
        """From the old fleet to a new one as the deployment says, or back."""
        with self._alone(name):
            taken = (self._records.get(name) or {}).get("_pending")
            deployment = self._deployment(name)
            if deployment is None or not taken:
                return
            if deployment.run() and deployment.fleet is not None:
                deployment.finish(deployment.fleet, self._served(deployment.fleet, taken))

    def _deployment(self, name: str) -> Deployment | None:
        old = self.fleet(name)
        if old is None or self._records.get(name) is None:
            return None
        return Deployment(
            self._surroundings,
            self._records,
            self._events,
            name,
            old,
            functools.partial(self._direct, name),
            self._ending,
        )

    def weigh(self, name: str, desired: list[Document]) -> None:
        """Set weights and instance counts in place; instances that do not become healthy are given up."""
        with self._alone(name):
            self._weigh(name, desired)

    def _weigh(self, name: str, desired: list[Document]) -> None:
        fleet, endpoint = self.fleet(name), self._records.get(name)
        if fleet is None or endpoint is None:
            return
        for entry in desired:
            if "DesiredWeight" in entry:
                fleet.weigh({entry["VariantName"]: entry["DesiredWeight"]})
        reason = self._resize(name, fleet, desired)
        if self._ending.is_set():
            return
        served = endpoint["_served"]
        self._events.change(
            name,
            EndpointStatus="InService",
            FailureReason=reason,
            **_described(fleet),
            _served=served | {"config": _as_it_runs(served["config"], fleet)},
        )

    def _resize(self, name: str, fleet: Fleet, desired: list[Document]) -> str | None:
        """Give variants so many instances or so much concurrency; why one of them could not get them."""
        counts = {e["VariantName"]: e["DesiredInstanceCount"] for e in desired if "DesiredInstanceCount" in e}
        for variant, count in counts.items():
            fleet.every_variant()[variant].desired_count = count
        self._records.update(name, **_described(fleet))
        reason = None
        for entry in desired:
            try:
                if "DesiredInstanceCount" in entry:
                    fleet.resize(entry["VariantName"], entry["DesiredInstanceCount"])
                if "ServerlessUpdateConfig" in entry:
                    fleet.provision(entry["VariantName"], entry["ServerlessUpdateConfig"])
            except FleetError as error:
                reason = str(error)
        return reason

    def maintain(self, name: str, seconds: float) -> None:
        """Be done with SageMaker's own maintenance after so many seconds of its clock."""
        if not self._surroundings.server.clock.wait(seconds, self._ending):
            self._events.change(name, EndpointStatus="InService")

    def delete(self, name: str) -> None:
        """Take the fleets down, then the record away."""
        with self._alone(name):
            traffic = self._traffic.pop((current_scope(), name), None)
            for fleet in traffic.fleets if traffic is not None else ():
                fleet.stop()
            self._records.remove(name)

    def resume(self, name: str) -> None:
        """Go on where an earlier server ended: serve what was served, finish what had begun."""
        with self._alone(name):
            self._resume(name)

    def _resume(self, name: str) -> None:
        endpoint = self._records.get(name)
        if endpoint is None or endpoint["EndpointStatus"] == "Failed":
            return
        status = endpoint["EndpointStatus"]
        if status == "Deleting":
            self.delete(name)
            return
        fleet = None
        if served := endpoint.get("_served"):
            try:
                fleet = self._start(name, served)
            except FleetError as error:
                if not self._ending.is_set():
                    self._events.change(
                        name, EndpointStatus="Failed", FailureReason=str(error), _pending=None
                    )
                return
            self._direct(name, Traffic(fleet))
        if status == "Creating":
            self.create(name)
        elif fleet is not None:
            self._go_on(name, endpoint, fleet)

    def _go_on(self, name: str, endpoint: Document, fleet: Fleet) -> None:
        """Finish what had begun, ``fleet`` serving."""
        status, pending = endpoint["EndpointStatus"], endpoint.get("_pending") or {}
        if status == "Updating" and pending.get(SWITCHED):
            self._events.change(name, **self._served(fleet, pending))
        elif status == "Updating" and pending:
            self.update(name)
        elif status == "UpdateRollbackFailed":
            deployment = self._deployment(name)
            if deployment is not None:
                with contextlib.suppress(FleetError):
                    deployment.restore()
        elif status != "InService":
            self._events.change(
                name, EndpointStatus="InService", _pending=None, PendingDeploymentSummary=None
            )

    def stop_all(self) -> None:
        """The server ends: processes go, records stay."""
        self._ending.set()
        for fleet in list(self._starting):
            fleet.cancelled.set()
        fleets = [fleet for traffic in list(self._traffic.values()) for fleet in traffic.fleets]
        self._traffic.clear()
        # all at once: many endpoints would else add up to more than anybody waits for
        stopping = [start_thread("stop-fleet", fleet.stop, SERVER_GRACE_SECONDS) for fleet in fleets]
        for thread in stopping:
            thread.join()


def _described(fleet: Fleet) -> Document:
    """What the record says of a fleet's variants."""
    now = time.time()
    return {
        "ProductionVariants": describe_variants(fleet, now),
        "ShadowProductionVariants": describe_shadows(fleet, now),
    }


def _as_it_runs(config: Document, fleet: Fleet) -> Document:
    """A configuration with the weights and counts that its fleet has now."""
    every, changed = fleet.every_variant(), dict(config)
    for kind in ("ProductionVariants", "ShadowProductionVariants"):
        if kind in config:
            changed[kind] = [_variant_as_it_runs(one, every[one["VariantName"]]) for one in config[kind]]
    return changed


def _variant_as_it_runs(entry: Document, running: Variant) -> Document:
    changed = entry | {"InitialVariantWeight": running.weight}
    if "InitialInstanceCount" in entry:
        changed["InitialInstanceCount"] = running.instance_count
    if running.environments is not None:
        changed["ServerlessConfig"] = running.environments.config
    return changed
