"""Model package groups and model packages in SageMaker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import PackageNotReadyError
from slipway.domain.model_card import CARD_STATUS
from slipway.domain.packages import RELEASE_PROPERTY
from slipway.domain.registered_package import RegisteredPackage, changed_by, marked
from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_DESCRIPTION: Final = 1024
PACKAGE_PAUSES_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""A package whose validation is skipped is Completed within seconds."""


class SageMakerRegistry:
    """Port ``ModelRegistry``."""

    def __init__(self, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def ensure_group(self, name: str, description: str, tags: list[dict[str, str]]) -> None:
        try:
            self._client.describe_model_package_group(ModelPackageGroupName=name)
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
                raise
            self._create_group(name, description, tags)

    def _create_group(self, name: str, description: str, tags: list[dict[str, str]]) -> None:
        # the group outlives its first version and release
        lasting = [tag for tag in tags if tag["Key"] not in ("slipway:version", "slipway:release")]
        try:
            self._client.create_model_package_group(
                ModelPackageGroupName=name, ModelPackageGroupDescription=description, Tags=lasting
            )
        except self._client.exceptions.ClientError as error:
            # another release of the model made it in this moment
            if "already exists" not in str(error):
                raise

    def find_package(self, group: str, release_id: str, since: str) -> str | None:
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group,
            CreationTimeAfter=moment_of(since),
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        for page in pages:
            for summary in page["ModelPackageSummaryList"]:
                arn: str = summary["ModelPackageArn"]
                described = self._client.describe_model_package(ModelPackageName=arn)
                properties = described.get("CustomerMetadataProperties", {})
                if properties.get(RELEASE_PROPERTY) == release_id:
                    return arn
        return None

    def create_package(self, request: Mapping[str, Any]) -> str:
        arn: str = self._client.create_model_package(**request)["ModelPackageArn"]
        return arn

    def await_package(self, arn: str) -> None:
        status = ""
        for pause in (*PACKAGE_PAUSES_SECONDS, 0.0):
            status = self._client.describe_model_package(ModelPackageName=arn)["ModelPackageStatus"]
            if status == "Completed":
                return
            if status not in ("Pending", "InProgress"):
                break
            self._sleep(pause)
        raise PackageNotReadyError(arn, status)

    def package(self, arn: str) -> RegisteredPackage | None:
        described = self._described(arn)
        if described is None:
            return None
        return RegisteredPackage(
            arn=arn,
            approval=str(described.get("ModelApprovalStatus", "")),
            description=str(described.get("ApprovalDescription", "")),
            modified_by=changed_by(described),
            stage=str((described.get("ModelLifeCycle") or {}).get("Stage", "")),
            properties=dict(described.get("CustomerMetadataProperties") or {}),
        )

    def _described(self, arn: str) -> dict[str, Any] | None:
        try:
            described: dict[str, Any] = self._client.describe_model_package(ModelPackageName=arn)
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
                return None
            raise
        return described

    def set_properties(self, arn: str, properties: Mapping[str, str], remove: Sequence[str]) -> None:
        changes: dict[str, Any] = {"CustomerMetadataProperties": dict(properties)} if properties else {}
        if remove:
            changes["CustomerMetadataPropertiesToRemove"] = list(remove)
        self._client.update_model_package(ModelPackageArn=arn, **changes)

    def approval_status(self, arn: str) -> str:
        return str((self._described(arn) or {}).get("ModelApprovalStatus", ""))

    def set_approval(self, arn: str, status: str, description: str) -> None:
        # status and content of a card belong together: what is left out might be taken for removed
        card = (self._described(arn) or {}).get("ModelCard")
        changed = {"ModelCard": {**card, "ModelCardStatus": CARD_STATUS[status]}} if card else {}
        self._client.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus=status,
            ApprovalDescription=marked(description, status),
            **changed,
        )

    def set_stage(self, arn: str, stage: str, status: str, description: str) -> None:
        self._client.update_model_package(
            ModelPackageArn=arn,
            ModelLifeCycle={
                "Stage": stage,
                "StageStatus": status,
                "StageDescription": description[:MAX_DESCRIPTION],
            },
        )
