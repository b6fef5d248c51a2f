"""Which IAM action and resource a SageMaker request is about."""

from __future__ import annotations

import json
from typing import Any, Final

from workbench.local import seams

KINDS: Final = {
    "TrainingJobName": "training-job",
    "ProcessingJobName": "processing-job",
    "TransformJobName": "transform-job",
    "ModelName": "model",
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelPackageName": "model-package",
    "ModelPackageGroupName": "model-package-group",
}
"""In the order in which they are looked for: CreateEndpoint is about the endpoint first."""
_ARNS: Final = ("ResourceArn", "ModelPackageArn")
_RUNTIME: Final = "/endpoints/"


def resource_arn(operation: str, request: dict[str, Any], region: str, account: str) -> str:
    """
    The resource of a request; ``*`` for operations about none.

    >>> resource_arn("CreateModelPackage", {"ModelPackageGroupName": "prices"}, "us-east-1", "000000000000")
    'arn:aws:sagemaker:us-east-1:000000000000:model-package/prices/*'
    """
    base = f"arn:aws:sagemaker:{region}:{account}:"
    for member in _ARNS:
        if isinstance(request.get(member), str):
            return str(request[member])
    if operation.startswith("List") and operation != "ListModelPackages":
        return "*"
    for member, kind in KINDS.items():
        name = request.get(member)
        if not isinstance(name, str):
            continue
        if name.startswith("arn:"):
            return name
        if operation == "CreateModelPackage" and kind == "model-package-group":
            return f"{base}model-package/{name}/*"
        lowered = name.lower() if kind in ("endpoint", "endpoint-config", "model") else name
        return f"{base}{kind}/{lowered}"
    return "*"


def install() -> None:
    """Teach the authorizer; every other service goes where it went before."""
    action_before = seams.IAM_ACTIONS.extract_action
    resource_before = seams.IAM_ACTIONS.extract_resource

    def action(service: str, method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        if service == "sagemaker" and path.startswith(_RUNTIME):
            kind = path.strip("/").rpartition("/")[2]
            return (
                "sagemaker:InvokeEndpointAsync" if kind == "async-invocations" else "sagemaker:InvokeEndpoint"
            )
        if service == "sagemaker":
            return "sagemaker:" + headers.get("x-amz-target", "").rpartition(".")[2]
        return action_before(service, method, path, headers, body, query_params)

    def resource(
        service: str,
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query_params: Any,
        region: str,
        account_id: str,
    ) -> Any:
        if service != "sagemaker":
            return resource_before(service, method, path, headers, body, query_params, region, account_id)
        if path.startswith(_RUNTIME):
            return f"arn:aws:sagemaker:{region}:{account_id}:endpoint/{path.split('/')[2].lower()}"
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return "*"
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        return resource_arn(operation, request if isinstance(request, dict) else {}, region, account_id)

    seams.IAM_ACTIONS.replace("extract_action", action)
    seams.IAM_ACTIONS.replace("extract_resource", resource)
