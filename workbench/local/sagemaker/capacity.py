"""What Application Auto Scaling sees of endpoints, and how it changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.local.autoscaling.scaler import Capacity
from workbench.local.autoscaling.targets import PROVISIONED, variant_of
from workbench.local.sagemaker.errors import ServiceError, invalid
from workbench.local.sagemaker.surroundings import Caller

if TYPE_CHECKING:
    from workbench.local.sagemaker.endpoints import Endpoints

THE_SERVICE = Caller("")
"""Application Auto Scaling acts under its own service-linked role, which nobody makes here."""


class VariantCapacity:
    """Instances, or provisioned concurrency, of variants."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def look(self, resource_id: str, dimension: str) -> Capacity | None:
        """What a variant has; None when it is not there, or has nothing of the kind."""
        found = variant_of(resource_id)
        if found is None:
            return None
        try:
            endpoint = self._endpoints.get(found[0])
        except ServiceError:
            return None
        for variant in endpoint.get("ProductionVariants", []):
            if variant["VariantName"] == found[1]:
                return _capacity(endpoint, variant, dimension)
        return None

    def set(self, resource_id: str, dimension: str, count: int) -> None:
        """Begin to change it as UpdateEndpointWeightsAndCapacities does; raises ServiceError when refused."""
        found = variant_of(resource_id)
        if found is None:
            raise invalid(f"{resource_id} is no variant")
        wanted: dict[str, Any] = {"DesiredInstanceCount": count}
        if dimension == PROVISIONED:
            wanted = {"ServerlessUpdateConfig": {"ProvisionedConcurrency": count}}
        request = {
            "EndpointName": found[0],
            "DesiredWeightsAndCapacities": [{"VariantName": found[1], **wanted}],
        }
        self._endpoints.update_weights(request, THE_SERVICE)


def _capacity(endpoint: dict[str, Any], variant: dict[str, Any], dimension: str) -> Capacity | None:
    settled = endpoint["EndpointStatus"] == "InService"
    reason = endpoint.get("FailureReason", "")
    if dimension == PROVISIONED:
        config = variant.get("CurrentServerlessConfig")
        if config is None:
            return None
        count = config.get("ProvisionedConcurrency", 0)
        return Capacity(count, count, settled, reason)
    if "CurrentInstanceCount" not in variant:
        return None
    return Capacity(variant["CurrentInstanceCount"], variant["DesiredInstanceCount"], settled, reason)
