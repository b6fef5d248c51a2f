"""What endpoints tell of their changes: on the record, and on the event bus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.store import Document, Records
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


class EndpointEvents:
    """Changes endpoints' records and tells of it."""

    def __init__(self, surroundings: Surroundings, records: Records) -> None:
        self._surroundings, self._records = surroundings, records

    def tell(self, endpoint: Document) -> None:
        """Put the endpoint's state on the event bus, in the events' spelling."""
        self._emit(EVENT, endpoint)

    def _emit(self, what: str, endpoint: Document) -> None:
        detail = {**endpoint, "EndpointStatus": SPELLED[endpoint["EndpointStatus"]], "Tags": {}}
        self._surroundings.emit(what, endpoint["EndpointArn"], detail)

    def change(self, name: str, **changes: Any) -> None:
        """Set members of the record (None takes one away); a new status is told."""
        endpoint = self._records.update(name, LastModifiedTime=time.time(), **changes)
        if endpoint is not None and "EndpointStatus" in changes:
            self.tell(endpoint)

    def deployment(self, name: str, config: Document, status: str, running: Mapping[str, int]) -> None:
        """
        Say how far a deployment is: PendingDeploymentSummary, and its event.

        Args:
            name: The endpoint.
            config: What is being deployed.
            status: Creating, Updating, ActivatingTraffic, Baking or Deleting.
            running: Instances of the new fleet by variant; one that is not named has none yet.
        """
        before = (self._records.get(name) or {}).get("PendingDeploymentSummary") or {}
        now = time.time()

        def pending(entry: Document) -> Document:
            return {
                "VariantName": entry["VariantName"],
                "CurrentInstanceCount": running.get(entry["VariantName"], 0),
                "DesiredInstanceCount": entry.get("InitialInstanceCount", 1),
                "CurrentWeight": entry["InitialVariantWeight"],
                "DesiredWeight": entry["InitialVariantWeight"],
                "VariantStatus": [{"Status": status, "StartTime": now}],
            }

        summary = {
            "EndpointConfigName": config["EndpointConfigName"],
            "StartTime": before.get("StartTime", now),
            "ProductionVariants": [pending(entry) for entry in config["ProductionVariants"]],
        }
        if shadows := config.get("ShadowProductionVariants"):
            summary["ShadowProductionVariants"] = [pending(entry) for entry in shadows]
        endpoint = self._records.update(name, PendingDeploymentSummary=summary)
        if endpoint is not None:
            self._emit(DEPLOYMENT_EVENT, endpoint)
