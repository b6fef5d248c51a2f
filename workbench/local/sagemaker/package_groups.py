"""Model package groups: one per model, whose versions are packages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import Caller, Surroundings, arn

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "model-package-group"


class PackageGroups:
    """The model package groups of an account."""

    def __init__(self, surroundings: Surroundings, tags: Tags) -> None:
        self._records = surroundings.store.records(KIND)
        self._packages = surroundings.store.records("model-package")
        self._tags = tags

    def create(self, request: Document, _caller: Caller) -> Document:
        name = request["ModelPackageGroupName"]
        group = {key: value for key, value in request.items() if key != "Tags"}
        group |= {
            "ModelPackageGroupArn": arn(KIND, name),
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": time.time(),
            "_next_version": 1,
        }
        if not self._records.add(name, group):
            raise invalid(f"Model Package Group already exists: {arn(KIND, name)}")
        self._tags.put(group["ModelPackageGroupArn"], request.get("Tags", []))
        return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}

    def get(self, name_or_arn: str) -> Document:
        """The group, by name or ARN; raises ValidationException for an unknown one."""
        name = name_or_arn.rpartition("/")[2]
        group = self._records.get(name)
        if group is None:
            raise invalid(f"ModelPackageGroup {arn(KIND, name)} does not exist.")
        return group

    def next_version(self, name: str) -> int:
        """Count up: a version number is given once, also when its package is deleted."""
        group = self.get(name)
        version: int = group["_next_version"]
        self._records.update(group["ModelPackageGroupName"], _next_version=version + 1)
        return version

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self.get(request["ModelPackageGroupName"])

    def delete(self, request: Document, _caller: Caller) -> Document:
        group = self.get(request["ModelPackageGroupName"])
        name = group["ModelPackageGroupName"]
        if any(package.get("ModelPackageGroupName") == name for package in self._packages.all()):
            raise invalid(
                f"Model Package Group cannot be deleted because it still contains Model Packages. "
                f"ModelPackageGroup: {group['ModelPackageGroupArn']}"
            )
        self._records.remove(name)
        self._tags.forget(group["ModelPackageGroupArn"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(self._records.all(), request, name="ModelPackageGroupName")
        cut = shape_cutter("ModelPackageGroupSummary")
        return listed("ModelPackageGroupSummaryList", [cut(group) for group in found], token)
