"""Application Auto Scaling: targets and policies of variants, stored and checked, with their alarms."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.service_model import answer, validate
from workbench.local.sagemaker.store import Document, Store
from workbench.local.services import authorize_by, register_service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.local.context import ServerContext

NAME: Final = "application-autoscaling"
DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS: Final = "SageMakerVariantInvocationsPerInstance"
MINUTES_HIGH: Final = 3
MINUTES_LOW: Final = 15
LOW_SHARE: Final = 0.9
_PAGE: Final = 50


def _missing(what: str) -> ServiceError:
    return ServiceError(
        "ObjectNotFoundException", f"No {what} found for the given service namespace and resource"
    )


def _key(request: Document) -> str:
    return "|".join((request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"]))


class Autoscaling:
    """
    Targets and policies; the alarms that target tracking makes are in CloudWatch.

    Nothing is scaled here: docs/fidelity.md says so.
    """

    def __init__(self, store: Store) -> None:
        self._targets = store.records("scalable-target")
        self._policies = store.records("scaling-policy")
        self.operations: dict[str, Callable[[Document], Document]] = {
            "RegisterScalableTarget": self.register_target,
            "DeregisterScalableTarget": self.deregister_target,
            "DescribeScalableTargets": self.describe_targets,
            "PutScalingPolicy": self.put_policy,
            "DeleteScalingPolicy": self.delete_policy,
            "DescribeScalingPolicies": self.describe_policies,
            "DescribeScalingActivities": lambda _request: {"ScalingActivities": []},
            "DescribeScheduledActions": lambda _request: {"ScheduledActions": []},
        }

    def is_target(self, endpoint: str, variant: str) -> bool:
        """Whether a variant's number of instances is scaled."""
        return self._targets.get(f"sagemaker|endpoint/{endpoint}/variant/{variant}|{DIMENSION}") is not None

    def register_target(self, request: Document) -> Document:
        known = self._targets.get(_key(request))
        if known is None and not {"MinCapacity", "MaxCapacity"} <= request.keys():
            raise ServiceError(
                "ValidationException", "MinCapacity and MaxCapacity are needed for a new target"
            )
        target = {"CreationTime": time.time(), **(known or {}), **request}
        for member in ("MinCapacity", "MaxCapacity"):
            target[member] = int(target[member])  # CloudFormation gives numbers as text
        if target["MinCapacity"] > target["MaxCapacity"]:
            raise ServiceError("ValidationException", "MinCapacity cannot be greater than MaxCapacity")
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
        suspended = dict.fromkeys(("DynamicScalingIn", "DynamicScalingOut", "Scheduled"), False)
        target["SuspendedState"] = {
            f"{name}Suspended": value for name, value in suspended.items()
        } | request.get("SuspendedState", {})
        self._targets.put(_key(request), target)
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def deregister_target(self, request: Document) -> Document:
        if self._targets.remove(_key(request)) is None:
            raise _missing("scalable target")
        for policy in self._policies_of(_key(request)):
            self._forget(policy)
        return {}

    def describe_targets(self, request: Document) -> Document:
        found = [
            target
            for target in self._targets.all()
            if _fits(target, request)
            and target["ResourceId"] in request.get("ResourceIds", [target["ResourceId"]])
        ]
        return _paged("ScalableTargets", found, request)

    def put_policy(self, request: Document) -> Document:
        if self._targets.get(_key(request)) is None:
            raise _missing("scalable target")
        kind = request.get("PolicyType", "StepScaling")
        tracking = request.get("TargetTrackingScalingPolicyConfiguration")
        if (kind == "TargetTrackingScaling") != (tracking is not None):
            raise ServiceError(
                "ValidationException", "TargetTrackingScaling needs TargetTrackingScalingPolicyConfiguration"
            )
        name = f"{_key(request)}|{request['PolicyName']}"
        account, region = seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()
        known = self._policies.get(name) or {}
        policy = {
            "PolicyARN": f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid.uuid4()}:resource/"
            f"{request['ServiceNamespace']}/{request['ResourceId']}:policyName/{request['PolicyName']}",
            "CreationTime": time.time(),
            **known,
            **request,
            "PolicyType": kind,
        }
        self._delete_alarms(known)
        policy["Alarms"] = self._make_alarms(policy) if tracking else []
        self._policies.put(name, policy)
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def delete_policy(self, request: Document) -> Document:
        policy = self._policies.get(f"{_key(request)}|{request['PolicyName']}")
        if policy is None:
            raise _missing("scaling policy")
        self._forget(policy)
        return {}

    def describe_policies(self, request: Document) -> Document:
        found = [
            policy
            for policy in self._policies.all()
            if _fits(policy, request)
            and request.get("ResourceId", policy["ResourceId"]) == policy["ResourceId"]
            and policy["PolicyName"] in request.get("PolicyNames", [policy["PolicyName"]])
        ]
        return _paged("ScalingPolicies", found, request)

    def _policies_of(self, key: str) -> list[Document]:
        return [policy for policy in self._policies.all() if _key(policy) == key]

    def _forget(self, policy: Document) -> None:
        self._delete_alarms(policy)
        self._policies.remove(f"{_key(policy)}|{policy['PolicyName']}")

    def _delete_alarms(self, policy: Document) -> None:
        names = [alarm["AlarmName"] for alarm in policy.get("Alarms", [])]
        if names:
            seams.ALARMS.delete({}, {"AlarmNames": names}, False, True)

    def _make_alarms(self, policy: Document) -> list[Document]:
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        predefined = (tracking.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
        parts = policy["ResourceId"].split("/")
        if predefined != INVOCATIONS or len(parts) != 4:  # noqa: PLR2004 - endpoint/<name>/variant/<name>
            return []
        account, region = seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()
        alarms: list[Document] = []
        target = float(tracking["TargetValue"])
        wanted = [("AlarmHigh", "GreaterThanThreshold", target, MINUTES_HIGH)]
        if not tracking.get("DisableScaleIn", False):
            wanted.append(("AlarmLow", "LessThanThreshold", target * LOW_SHARE, MINUTES_LOW))
        for side, comparison, threshold, minutes in wanted:
            name = f"TargetTracking-{policy['ResourceId']}-{side}-{uuid.uuid4()}"
            seams.ALARMS.put(
                {},
                {
                    "AlarmName": name,
                    "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
                    + policy["PolicyARN"],
                    "Namespace": "AWS/SageMaker",
                    "MetricName": "InvocationsPerInstance",
                    "Statistic": "Sum",
                    "Period": 60,
                    "EvaluationPeriods": minutes,
                    "Threshold": threshold,
                    "ComparisonOperator": comparison,
                    "Dimensions": [
                        {"Name": "EndpointName", "Value": parts[1]},
                        {"Name": "VariantName", "Value": parts[3]},
                    ],
                    "AlarmActions": [policy["PolicyARN"]],
                },
                False,
                True,
            )
            alarm_arn = f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"
            alarms.append({"AlarmName": name, "AlarmARN": alarm_arn})
        return alarms


def _fits(document: Document, request: Document) -> bool:
    dimension = request.get("ScalableDimension", document["ScalableDimension"])
    wanted = (request["ServiceNamespace"], dimension)
    return wanted == (document["ServiceNamespace"], document["ScalableDimension"])


def _paged(member: str, found: list[Document], request: Document) -> Document:
    start = int(request.get("NextToken", "0"))
    end = start + int(request.get("MaxResults", _PAGE))
    return {member: found[start:end]} | ({"NextToken": str(end)} if end < len(found) else {})


def check(operation: str, request: Document) -> None:
    """
    What the model's shapes do not say of SageMaker's targets.

    Raises:
        ServiceError: ValidationException.
    """
    validate(operation, request, NAME)
    if request.get("ServiceNamespace") != "sagemaker":
        return
    resource = request.get("ResourceId", "endpoint/x/variant/y").split("/")
    if request.get("ScalableDimension", DIMENSION) == DIMENSION and (
        len(resource) != 4 or (resource[0], resource[2]) != ("endpoint", "variant")  # noqa: PLR2004 - as above
    ):
        raise ServiceError(
            "ValidationException", f"ResourceId {request['ResourceId']} is no endpoint/NAME/variant/NAME"
        )


_autoscaling: Autoscaling | None = None


def register(server: ServerContext) -> Autoscaling:
    """Serve it in this process; state lies under ``<home>/sagemaker``."""
    global _autoscaling  # noqa: PLW0603 - ministack's services are modules: one per process
    _autoscaling = Autoscaling(Store(server.home / "sagemaker" / "autoscaling.sqlite"))
    register_service(NAME, sys.modules[__name__], target_prefixes=("AnyScaleFrontendService.",))
    authorize_by(NAME, _resource, _context)
    return _autoscaling


def _resource(_request: dict[str, Any], region: str, account: str) -> str:
    """Targets have random ids, so policies can only name them all."""
    return f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/*"


def _context(request: dict[str, Any]) -> dict[str, Any]:
    keys = {"ServiceNamespace": "service-namespace", "ScalableDimension": "scalable-dimension"}
    return {f"{NAME}:{key}": request[member] for member, key in keys.items() if member in request}


def _do(operation: str, request: Document) -> Document:
    if _autoscaling is None or operation not in _autoscaling.operations:
        raise ServiceError("UnknownOperationException", f"{NAME}:{operation} is not served here")
    check(operation, request)
    return answer(operation, _autoscaling.operations[operation](request), NAME)


def _respond(operation: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    try:
        document = _do(operation, json.loads(body or b"{}"))
    except ServiceError as error:
        told = {"__type": error.code, "message": error.message}
        return error.status, headers | {"x-amzn-errortype": error.code}, json.dumps(told).encode()
    return 200, headers, json.dumps(document).encode()


async def handle_request(
    _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query_params: Any
) -> tuple[int, dict[str, str], bytes]:
    """Answer one request of ministack's router."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    return await asyncio.to_thread(functools.partial(_respond, operation, body))


def get_state() -> dict[str, Any]:
    """Nothing: each change is on disk already."""
    return {}


def load_persisted_state(_state: dict[str, Any]) -> None:
    """Nothing: state is read at ``register``."""


def reset() -> None:
    """Nothing is kept that a later ``register`` would not read again."""
