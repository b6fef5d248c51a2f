"""How an endpoint gets to its next configuration: new fleet healthy, traffic switched, old fleet down."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.fleet import Fleet, FleetError, describe_variants
from workbench.local.sagemaker.store import Document, Records, Scope, current_scope
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.surroundings import Surroundings

EVENT: Final = "Endpoint State Change"
DEPLOYMENT_EVENT: Final = "Endpoint Deployment State Change"
SPELLED: Final = {
    "Creating": "CREATING",
    "InService": "IN_SERVICE",
    "Updating": "UPDATING",
    "RollingBack": "ROLLING_BACK",
    "Failed": "FAILED",
    "Deleting": "DELETING",
    "OutOfService": "OUT_OF_SERVICE",
    "SystemUpdating": "SYSTEM_UPDATING",
    "UpdateRollbackFailed": "UPDATE_ROLLBACK_FAILED",
}
BAKE_CHECK_SECONDS: Final = 1.0
SERVER_GRACE_SECONDS: Final = 2.0
"""The server ends soon, whatever its programs do."""


class Rollout:
    """Works in the threads that the operations start; one at a time for each endpoint."""

    def __init__(self, surroundings: Surroundings, records: Records) -> None:
        self._surroundings, self._records = surroundings, records
        self._fleets: dict[tuple[Scope, str], Fleet] = {}
        self._starting: set[Fleet] = set()
        self._ending = threading.Event()

    def fleet(self, name: str) -> Fleet | None:
        """What gets the endpoint's traffic now."""
        return self._fleets.get((current_scope(), name))

    def tell(self, endpoint: Document) -> None:
        """Put the endpoint's state on the event bus, in the events' spelling."""
        detail = {**endpoint, "EndpointStatus": SPELLED[endpoint["EndpointStatus"]], "Tags": {}}
        self._surroundings.emit(EVENT, endpoint["EndpointArn"], detail)

    def _change(self, name: str, **changes: Any) -> None:
        endpoint = self._records.update(name, LastModifiedTime=time.time(), **changes)
        if endpoint is not None and "EndpointStatus" in changes:
            self.tell(endpoint)

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
            "ProductionVariants": describe_variants(fleet, time.time()),
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
                self._change(name, EndpointStatus="Failed", FailureReason=str(error), _pending=None)
            return
        self._fleets[current_scope(), name] = fleet
        self._change(name, **self._served(fleet, taken))

    def update(self, name: str) -> None:
        """Blue/green: the new fleet gets the traffic when it is healthy, or the old one keeps it."""
        endpoint = self._records.get(name)
        if endpoint is None:
            return
        taken = endpoint["_pending"]
        self._deployment(name, taken, "Creating")
        try:
            fleet = self._start(name, taken)
        except FleetError as error:
            if not self._ending.is_set():
                self._roll_back(name, str(error))
            return
        key = (current_scope(), name)
        old = self._fleets.get(key)
        self._fleets[key] = fleet
        self._deployment(name, taken, "Baking")
        if alarm := self._bake(taken.get("deployment") or {}):
            if old is not None:
                self._fleets[key] = old
            self._roll_back(name, f"Alarm {alarm} went into ALARM while the new fleet was baking", fleet)
            return
        if self._ending.is_set():
            fleet.stop()
            return
        self._change(name, **self._served(fleet, taken))
        if old is not None:
            old.stop()

    def _roll_back(self, name: str, reason: str, fleet: Fleet | None = None) -> None:
        self._change(name, EndpointStatus="RollingBack", FailureReason=reason)
        if fleet is not None:
            fleet.stop()
        self._change(name, EndpointStatus="InService", _pending=None, PendingDeploymentSummary=None)

    def _deployment(self, name: str, taken: Document, status: str) -> None:
        summary = {
            "EndpointConfigName": taken["config"]["EndpointConfigName"],
            "StartTime": time.time(),
            "ProductionVariants": [
                {
                    "VariantName": entry["VariantName"],
                    "CurrentInstanceCount": entry.get("InitialInstanceCount", 1),
                    "DesiredInstanceCount": entry.get("InitialInstanceCount", 1),
                    "CurrentWeight": entry["InitialVariantWeight"],
                    "DesiredWeight": entry["InitialVariantWeight"],
                    "VariantStatus": [{"Status": status, "StartTime": time.time()}],
                }
                for entry in taken["config"]["ProductionVariants"]
            ],
        }
        endpoint = self._records.update(name, PendingDeploymentSummary=summary)
        if endpoint is not None:
            self._surroundings.emit(
                DEPLOYMENT_EVENT,
                endpoint["EndpointArn"],
                {**endpoint, "EndpointStatus": SPELLED[endpoint["EndpointStatus"]]},
            )

    def _bake(self, deployment: Document) -> str | None:
        """Wait with the new fleet in traffic, if there are alarms to watch; the one that went off, if any."""
        alarms = [
            entry["AlarmName"]
            for entry in (deployment.get("AutoRollbackConfiguration") or {}).get("Alarms", [])
        ]
        if not alarms:
            return None
        policy = deployment.get("BlueGreenUpdatePolicy") or {}
        wait = policy.get("TerminationWaitInSeconds", 0)
        wait += (policy.get("TrafficRoutingConfiguration") or {}).get("WaitIntervalInSeconds", 0)
        deadline = time.monotonic() + wait
        while not self._ending.is_set():
            for name in alarms:
                if (seams.ALARMS.by_name.get(name) or {}).get("StateValue") == "ALARM":
                    return str(name)
            if time.monotonic() >= deadline:
                return None
            self._ending.wait(BAKE_CHECK_SECONDS)
        return None

    def weigh(self, name: str, desired: list[Document]) -> None:
        """Set weights and instance counts in place; instances that do not become healthy are given up."""
        fleet, endpoint = self.fleet(name), self._records.get(name)
        if fleet is None or endpoint is None:
            return
        for entry in desired:
            if "DesiredWeight" in entry:
                fleet.weigh({entry["VariantName"]: entry["DesiredWeight"]})
        reason = self._resize(
            name,
            fleet,
            {e["VariantName"]: e["DesiredInstanceCount"] for e in desired if "DesiredInstanceCount" in e},
        )
        if self._ending.is_set():
            return
        served = endpoint["_served"]
        variants = []
        for entry in served["config"]["ProductionVariants"]:
            running = fleet.variants[entry["VariantName"]]
            changed = entry | {"InitialVariantWeight": running.weight}
            if "InitialInstanceCount" in entry:
                changed["InitialInstanceCount"] = running.instance_count
            variants.append(changed)
        self._change(
            name,
            EndpointStatus="InService",
            FailureReason=reason,
            ProductionVariants=describe_variants(fleet, time.time()),
            _served=served | {"config": served["config"] | {"ProductionVariants": variants}},
        )

    def _resize(self, name: str, fleet: Fleet, counts: dict[str, int]) -> str | None:
        """Give variants so many instances; why one of them could not get them."""
        for variant, count in counts.items():
            fleet.variants[variant].desired_count = count
        self._records.update(name, ProductionVariants=describe_variants(fleet, time.time()))
        reason = None
        for variant, count in counts.items():
            try:
                fleet.resize(variant, count)
            except FleetError as error:
                reason = str(error)
        return reason

    def delete(self, name: str) -> None:
        """Take the fleet down, then the record away."""
        fleet = self._fleets.pop((current_scope(), name), None)
        if fleet is not None:
            fleet.stop()
        self._records.remove(name)

    def resume(self, name: str) -> None:
        """Go on where an earlier server ended: serve what was served, finish what had begun."""
        endpoint = self._records.get(name)
        if endpoint is None or endpoint["EndpointStatus"] == "Failed":
            return
        status = endpoint["EndpointStatus"]
        if status == "Deleting":
            self.delete(name)
            return
        if served := endpoint.get("_served"):
            try:
                self._fleets[current_scope(), name] = self._start(name, served)
            except FleetError as error:
                if not self._ending.is_set():
                    self._change(name, EndpointStatus="Failed", FailureReason=str(error), _pending=None)
                return
        if status == "Creating":
            self.create(name)
        elif endpoint.get("_pending") and status == "Updating":
            self.update(name)
        elif status != "InService":
            self._change(name, EndpointStatus="InService", _pending=None, PendingDeploymentSummary=None)

    def stop_all(self) -> None:
        """The server ends: processes go, records stay."""
        self._ending.set()
        for fleet in list(self._starting):
            fleet.cancelled.set()
        fleets = list(self._fleets.values())
        self._fleets.clear()
        # all at once: many endpoints would else add up to more than anybody waits for
        stopping = [start_thread("stop-fleet", fleet.stop, SERVER_GRACE_SECONDS) for fleet in fleets]
        for thread in stopping:
            thread.join()
