"""Model packages: the versions in a group, with their approval."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.models import resolve
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import Caller, Surroundings, arn

if TYPE_CHECKING:
    from workbench.local.sagemaker.package_groups import PackageGroups
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "model-package"
EVENT: Final = "Model Package State Change"
CHANGEABLE: Final = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)
MOST_PROPERTIES: Final = 50
NOT_TOLD: Final = ("CreatedBy", "LastModifiedBy")
"""What an event does not say: who is asked for by DescribeModelPackage."""


class Packages:
    """The model packages of an account, keyed by the end of their ARN: ``<group>/<version>`` or a name."""

    def __init__(self, surroundings: Surroundings, tags: Tags, groups: PackageGroups) -> None:
        self._surroundings, self._tags, self._groups = surroundings, tags, groups
        self._records = surroundings.store.records(KIND)

    def create(self, request: Document, caller: Caller) -> Document:
        group, name = request.get("ModelPackageGroupName"), request.get("ModelPackageName")
        if (group is None) == (name is None):
            raise invalid("Either ModelPackageGroupName or ModelPackageName must be given, not both")
        if group is not None and request.get("Tags"):
            raise invalid("Tags are not supported on versioned model packages; tag the model package group")
        specification = request.get("InferenceSpecification")
        if specification is None and not request.get("SourceAlgorithmSpecification"):
            raise invalid("InferenceSpecification is needed")
        for container in (specification or {}).get("Containers", []):
            if image := container.get("Image"):
                container.setdefault("ImageDigest", resolve(self._surroundings, image).partition("@")[2])
        now = time.time()
        package = {key: value for key, value in request.items() if key not in ("Tags", "ClientToken")}
        package |= {
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CertifyForMarketplace": request.get("CertifyForMarketplace", False),
            "CreationTime": now,
            "LastModifiedTime": now,
            "CreatedBy": caller.context(),
        }
        if group is None:
            key = str(name)
        else:
            found = self._groups.get(group)
            group = found["ModelPackageGroupName"]
            version = self._groups.next_version(group)
            key = f"{group}/{version}"
            package |= {
                "ModelPackageGroupName": group,
                "ModelPackageVersion": version,
                "ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval"),
            }
        package["ModelPackageArn"] = arn(KIND, key)
        if not self._records.add(key, package):
            raise invalid(f"Model Package already exists: {package['ModelPackageArn']}")
        self._tags.put(package["ModelPackageArn"], request.get("Tags", []))
        self._emit(package, [])
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def _emit(self, package: Document, changed: list[str]) -> None:
        detail = {
            "ModelPackageName": package["ModelPackageArn"].partition(":model-package/")[2],
            **{member: value for member, value in package.items() if member not in NOT_TOLD},
            **({"UpdatedModelPackageFields": changed} if changed else {}),
        }
        self._surroundings.emit(EVENT, package["ModelPackageArn"], detail)

    def get(self, name_or_arn: str) -> Document:
        """By ARN, ``group/version`` or name; raises ValidationException for an unknown one."""
        key = name_or_arn.partition(":model-package/")[2] or name_or_arn
        package = self._records.get(key)
        if package is None:
            raise invalid(f"ModelPackage {arn(KIND, key)} does not exist.")
        return package

    def container(self, name_or_arn: str) -> Document:
        """
        What a model made from the package runs.

        Raises:
            ServiceError: The package is unknown, or not approved.
        """
        package = self.get(name_or_arn)
        if package.get("ModelApprovalStatus", "Approved") != "Approved":
            raise invalid(
                f"Model Package {package['ModelPackageArn']} is {package['ModelApprovalStatus']}: "
                "ModelApprovalStatus must be Approved to deploy it"
            )
        first = package["InferenceSpecification"]["Containers"][0]
        members = ("Image", "ModelDataUrl", "ModelDataSource", "Environment")
        return {member: first[member] for member in members if member in first}

    def describe(self, request: Document, _caller: Caller) -> Document:
        package = self.get(request["ModelPackageName"])
        return {"ModelPackageName": package["ModelPackageArn"].partition(":model-package/")[2], **package}

    def update(self, request: Document, caller: Caller) -> Document:
        package = self.get(request["ModelPackageArn"])
        changes: dict[str, Any] = {member: request[member] for member in CHANGEABLE if member in request}
        if "ModelApprovalStatus" in changes and "ModelPackageGroupName" not in package:
            raise invalid("ModelApprovalStatus belongs to versioned model packages")
        properties = dict(package.get("CustomerMetadataProperties", {}))
        properties |= request.get("CustomerMetadataProperties", {})
        for name in request.get("CustomerMetadataPropertiesToRemove", []):
            properties.pop(name, None)
        if len(properties) > MOST_PROPERTIES:
            raise invalid(f"A model package has at most {MOST_PROPERTIES} CustomerMetadataProperties")
        if properties != package.get("CustomerMetadataProperties", {}):
            changes["CustomerMetadataProperties"] = properties
        if request.get("AdditionalInferenceSpecificationsToAdd"):
            changes["AdditionalInferenceSpecifications"] = [
                *package.get("AdditionalInferenceSpecifications", []),
                *request["AdditionalInferenceSpecificationsToAdd"],
            ]
        key = package["ModelPackageArn"].partition(":model-package/")[2]
        modified = {"LastModifiedTime": time.time(), "LastModifiedBy": caller.context()}
        changed = self._records.update(key, **changes, **modified) or package
        self._emit(changed, list(changes))
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def delete(self, request: Document, _caller: Caller) -> Document:
        package = self.get(request["ModelPackageName"])
        self._records.remove(package["ModelPackageArn"].partition(":model-package/")[2])
        self._tags.forget(package["ModelPackageArn"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        group = request.get("ModelPackageGroupName")
        kind = request.get("ModelPackageType", "Versioned" if group else "Unversioned")
        packages = self._records.all()
        if group is not None:
            name = self._groups.get(group)["ModelPackageGroupName"]
            packages = [package for package in packages if package.get("ModelPackageGroupName") == name]
        elif kind != "Both":
            versioned = kind == "Versioned"
            packages = [package for package in packages if ("ModelPackageGroupName" in package) == versioned]
        if wanted := request.get("ModelApprovalStatus"):
            packages = [package for package in packages if package.get("ModelApprovalStatus") == wanted]
        found, token = page(packages, request, name="ModelPackageArn", status="ModelPackageStatus")
        cut = shape_cutter("ModelPackageSummary")
        return listed("ModelPackageSummaryList", [cut(package) for package in found], token)
