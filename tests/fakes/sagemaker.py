"""SageMaker's registry and runtime, in memory."""

from __future__ import annotations

from typing import Any

from slipway.domain.packages import RELEASE_PROPERTY
from slipway.domain.registered_package import RegisteredPackage, marked


class FakeModelRegistry:
    """Port ``ModelRegistry``."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, str]]] = {}
        self.packages: dict[str, dict[str, Any]] = {}
        self.stages: dict[str, tuple[str, str]] = {}

    def ensure_group(self, name: Any, description: Any, tags: Any) -> Any:
        self.groups.setdefault(name, tags)

    def find_package(self, group: Any, release_id: Any, since: Any) -> Any:
        for arn, request in self.packages.items():
            if request["CustomerMetadataProperties"][RELEASE_PROPERTY] == release_id:
                return arn
        return None

    def create_package(self, request: Any) -> Any:
        group = request["ModelPackageGroupName"]
        number = sum(f"/{group}/" in arn for arn in self.packages) + 1
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{group}/{number}"
        self.packages[arn] = dict(request)
        return arn

    def await_package(self, arn: Any) -> Any:
        assert arn in self.packages

    def package(self, arn: Any) -> Any:
        request = self.packages.get(arn)
        if request is None:
            return None
        return RegisteredPackage(
            arn,
            request["ModelApprovalStatus"],
            description=request.get("ApprovalDescription", ""),
            stage=self.stages.get(arn, ("", ""))[0],
            properties=dict(request.get("CustomerMetadataProperties", {})),
        )

    def set_properties(self, arn: Any, properties: Any, remove: Any) -> Any:
        there = self.packages[arn].get("CustomerMetadataProperties", {})
        kept = {key: text for key, text in there.items() if key not in remove}
        self.packages[arn]["CustomerMetadataProperties"] = {**kept, **properties}

    def approval_status(self, arn: Any) -> Any:
        return self.packages[arn]["ModelApprovalStatus"] if arn in self.packages else ""

    def set_approval(self, arn: Any, status: Any, description: Any) -> Any:
        self.packages[arn] |= {
            "ModelApprovalStatus": status,
            "ApprovalDescription": marked(description, status),
        }

    def set_stage(self, arn: Any, stage: Any, status: Any, description: Any) -> Any:
        self.stages[arn] = (stage, status)


class FakeRuntime:
    """Port ``EndpointRuntime``: gives the answers it was given, the last one again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, bytes, str, str]] = []
        self.variants: list[str] = []
        self.questions: list[str] = []

    def invoke(self, endpoint: Any, *, body: Any, content_type: Any, accept: Any, variant: Any = "") -> Any:
        self.requests.append((endpoint, body, content_type, accept))
        self.variants.append(variant)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def invoke_later(self, endpoint: Any, *, body: Any, content_type: Any, accept: Any, question: Any) -> Any:
        self.questions.append(question)
        return self.invoke(endpoint, body=body, content_type=content_type, accept=accept)
