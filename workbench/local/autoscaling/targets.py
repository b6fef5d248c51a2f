"""Scalable targets: which variants are scaled, between which numbers of instances."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.errors import ServiceError

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document, Records

INSTANCES: Final = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED: Final = "sagemaker:variant:DesiredProvisionedConcurrency"
SUSPENSIONS: Final = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
_PAGE: Final = 50
_PARTS: Final = 4


def refused(message: str) -> ServiceError:
    """ValidationException of Application Auto Scaling."""
    return ServiceError("ValidationException", message)


def missing(what: str) -> ServiceError:
    """ObjectNotFoundException."""
    return ServiceError(
        "ObjectNotFoundException", f"No {what} found for the given service namespace and resource"
    )


def key_of(document: Document) -> str:
    """What names a target, and leads the names of all that belongs to it."""
    return "|".join((document["ServiceNamespace"], document["ResourceId"], document["ScalableDimension"]))


def variant_of(resource_id: str) -> tuple[str, str] | None:
    """
    Endpoint and variant of a resource; None for what is no variant.

    >>> variant_of("endpoint/prices/variant/AllTraffic")
    ('prices', 'AllTraffic')
    """
    parts = resource_id.split("/")
    if len(parts) != _PARTS or (parts[0], parts[2]) != ("endpoint", "variant"):
        return None
    return parts[1], parts[3]


def fits(document: Document, request: Document) -> bool:
    """Whether a Describe operation asks for this document."""
    return all(
        request.get(member, document[member]) == document[member]
        for member in ("ServiceNamespace", "ResourceId", "ScalableDimension")
    )


def paged(member: str, found: list[Document], request: Document) -> Document:
    """One page of a Describe operation's answer."""
    start = int(request.get("NextToken", "0"))
    end = start + int(request.get("MaxResults", _PAGE))
    return {member: found[start:end]} | ({"NextToken": str(end)} if end < len(found) else {})


class Targets:
    """The scalable targets of an account."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def is_target(self, endpoint: str, variant: str) -> bool:
        """Whether a variant's number of instances is scaled."""
        return self.records.get(f"sagemaker|endpoint/{endpoint}/variant/{variant}|{INSTANCES}") is not None

    def of(self, request: Document) -> Document:
        """The target that a request names; raises ObjectNotFoundException when nobody registered it."""
        target = self.records.get(key_of(request))
        if target is None:
            raise missing("scalable target")
        return target

    def register(self, request: Document) -> Document:
        known = self.records.get(key_of(request))
        if known is None and not {"MinCapacity", "MaxCapacity"} <= request.keys():
            raise refused("MinCapacity and MaxCapacity are needed for a new target")
        suspended = (known or {}).get("SuspendedState", dict.fromkeys(SUSPENSIONS, False))
        target: dict[str, Any] = {"CreationTime": time.time(), **(known or {}), **request}
        for member in ("MinCapacity", "MaxCapacity"):
            target[member] = int(target[member])  # CloudFormation gives numbers as text
        if target["MinCapacity"] > target["MaxCapacity"]:
            raise refused("MinCapacity cannot be greater than MaxCapacity")
        account, region = seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()
        target.setdefault(
            "ScalableTargetARN",
            f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/{uuid.uuid4().hex[:24]}",
        )
        target.setdefault(
            "RoleARN",
            f"arn:aws:iam::{account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
        )
        target["SuspendedState"] = suspended | request.get("SuspendedState", {})
        self.records.put(key_of(request), target)
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def describe(self, request: Document) -> Document:
        found = [
            target
            for target in self.records.all()
            if fits(target, request)
            and target["ResourceId"] in request.get("ResourceIds", [target["ResourceId"]])
        ]
        return paged("ScalableTargets", found, request)
