"""Where SageMaker's requests meet the faults that were asked for, worded as SageMaker words them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import ServiceError, invalid
from workbench.local.sagemaker.surroundings import arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Surroundings

NO_CAPACITY: Final = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please "
    "retry using a different ML instance type."
)
NO_CAPACITY_FOR_JOB: Final = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML "
    "instance type."
)
"""Of training jobs; we know of no other text for processing and transform jobs."""
ROLLBACK_FAILED: Final = "The instances of the old fleet could not be had back."
_USES: Final = {
    "CreateEndpoint": "endpoint usage",
    "UpdateEndpoint": "endpoint usage",
    "CreateTrainingJob": "training job usage",
    "CreateProcessingJob": "processing job usage",
    "CreateTransformJob": "transform job usage",
}
_WORDS: Final = {"endpoint": "endpoint", "endpoint-config": "endpoint configuration", "model": "model"}


def meet(surroundings: Surroundings, operation: str, request: Document) -> None:
    """
    Refuse a request, if a fault says so.

    Raises:
        ServiceError: ResourceLimitExceeded, or ValidationException for what cannot be found yet.
    """
    faults = surroundings.server.faults
    if not faults:
        return
    if (use := _USES.get(operation)) and faults.meet("quota", operation=operation):
        kind = _instance_type(surroundings, request)
        raise ServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{kind} for {use}' is 0 Instances, with current utilization of "
            "0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an "
            "increase for this quota. If AWS Service Quotas is not available, contact AWS support to request "
            "an increase for this quota.",
        )
    if eventual := faults.find("eventual"):
        for kind, name in _named(operation, request):
            found = surroundings.store.records(kind).get(name)
            if found is not None and time.time() - found["CreationTime"] < (eventual.seconds or 0):
                raise invalid(f'Could not find {_WORDS[kind]} "{arn(kind, name)}".')


def has_no_instances(surroundings: Surroundings, operation: str) -> bool:
    """Whether a fault says that the job which ``operation`` made finds none."""
    nobodys = {"endpoint": "", "variant": "", "config": ""}
    return surroundings.server.faults.meet("capacity", operation=operation, **nobodys) is not None


def _instance_type(surroundings: Surroundings, request: Document) -> str:
    if name := request.get("EndpointConfigName"):
        config = surroundings.store.records("endpoint-config").get(name) or {}
        variants: list[Any] = config.get("ProductionVariants", [{}])
        return str(variants[0].get("InstanceType", "serverless"))
    resources = (
        request.get("ResourceConfig")
        or request.get("TransformResources")
        or (request.get("ProcessingResources") or {}).get("ClusterConfig", {})
    )
    return str(resources.get("InstanceType", "ml.m5.large"))


def _named(operation: str, request: Document) -> Iterator[tuple[str, str]]:
    """Kind and name of what a request reads."""
    if operation == "DescribeEndpoint":
        yield "endpoint", request["EndpointName"]
    elif operation in {"DescribeEndpointConfig", "CreateEndpoint", "UpdateEndpoint"}:
        yield "endpoint-config", request["EndpointConfigName"]
    elif operation == "DescribeModel":
        yield "model", request["ModelName"]
    elif operation == "CreateEndpointConfig":
        for variant in [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]:
            if "ModelName" in variant:
                yield "model", variant["ModelName"]
