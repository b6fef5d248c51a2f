"""Scaling policies: target tracking with the alarms that it makes, and step scaling."""

from __future__ import annotations

import itertools
import time
import uuid
from typing import TYPE_CHECKING, Final

from workbench.local import seams
from workbench.local.autoscaling.targets import fits, key_of, missing, paged, refused
from workbench.local.autoscaling.tracking import alarms_of, metric_of

if TYPE_CHECKING:
    from workbench.local.autoscaling.targets import Targets
    from workbench.local.sagemaker.store import Document, Records

TRACKING: Final = "TargetTrackingScaling"
STEPS: Final = "StepScaling"
PREFIX: Final = "TargetTracking-"
"""Names of the alarms of target tracking begin so, and nobody else's do."""
_CONFIGURATION: Final = {
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    STEPS: "StepScalingPolicyConfiguration",
}


class Policies:
    """The scaling policies of an account; the alarms of target tracking are in CloudWatch."""

    def __init__(self, records: Records, targets: Targets) -> None:
        self._records, self._targets = records, targets

    def put(self, request: Document) -> Document:
        self._targets.of(request)
        kind = request.get("PolicyType", STEPS)
        self._check(kind, request)
        name = f"{key_of(request)}|{request['PolicyName']}"
        account, region = seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()
        known = self._records.get(name) or {}
        policy = {
            "PolicyARN": f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid.uuid4()}:resource/"
            f"{request['ServiceNamespace']}/{request['ResourceId']}:policyName/{request['PolicyName']}",
            "CreationTime": time.time(),
            **known,
            **request,
            "PolicyType": kind,
        }
        _delete_alarms(known)
        policy["Alarms"] = _put_alarms(policy) if kind == TRACKING else []
        self._records.put(name, policy)
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def _check(self, kind: str, request: Document) -> None:
        if kind not in _CONFIGURATION:
            raise refused(f"Policies of type {kind} are not served here")
        for each, member in _CONFIGURATION.items():
            if (each == kind) != (member in request):
                raise refused(f"PolicyType {kind} needs {_CONFIGURATION[kind]} and nothing else")
        if kind == STEPS:
            _check_steps(request[_CONFIGURATION[STEPS]])
            return
        metric = metric_of(request)
        for other in self.of(key_of(request)):
            if (
                other["PolicyName"] != request["PolicyName"]
                and other["PolicyType"] == TRACKING
                and metric_of(other) == metric
            ):
                raise refused(
                    "Only one TargetTrackingScaling policy for a given metric specification is allowed: "
                    f"{other['PolicyName']} has it"
                )

    def delete(self, request: Document) -> Document:
        policy = self._records.get(f"{key_of(request)}|{request['PolicyName']}")
        if policy is None:
            raise missing("scaling policy")
        self._forget(policy)
        return {}

    def describe(self, request: Document) -> Document:
        found = [
            policy | {"Alarms": _calling(policy)} if policy["PolicyType"] == STEPS else policy
            for policy in self._records.all()
            if fits(policy, request)
            and policy["PolicyName"] in request.get("PolicyNames", [policy["PolicyName"]])
        ]
        return paged("ScalingPolicies", found, request)

    def mend_alarms(self) -> None:
        """
        After a start: each policy of target tracking has its alarms, and none is there without its policy.

        CloudWatch keeps them elsewhere and otherwise, so that a kill may come between.
        """
        policies = [policy for policy in self._records.all() if policy["PolicyType"] == TRACKING]
        wanted = {alarm["AlarmName"] for policy in policies for alarm in policy["Alarms"]}
        stray = [name for name in seams.ALARMS.by_name if name.startswith(PREFIX) and name not in wanted]
        if stray:
            seams.ALARMS.delete({}, {"AlarmNames": stray}, False, True)
        for policy in policies:
            for alarm, named in zip(alarms_of(policy), policy["Alarms"], strict=False):
                if named["AlarmName"] not in seams.ALARMS.by_name:
                    seams.ALARMS.put({}, alarm | {"AlarmName": named["AlarmName"]}, False, True)

    def of(self, key: str) -> list[Document]:
        """A target's policies."""
        return [policy for policy in self._records.all() if key_of(policy) == key]

    def forget_all(self, key: str) -> None:
        """The target is gone."""
        for policy in self.of(key):
            self._forget(policy)

    def _forget(self, policy: Document) -> None:
        _delete_alarms(policy)
        self._records.remove(f"{key_of(policy)}|{policy['PolicyName']}")


def _check_steps(configuration: Document) -> None:
    steps = configuration.get("StepAdjustments", [])
    if not steps or "AdjustmentType" not in configuration:
        raise refused("StepScalingPolicyConfiguration needs AdjustmentType and StepAdjustments")
    spans = sorted(
        (
            step.get("MetricIntervalLowerBound", float("-inf")),
            step.get("MetricIntervalUpperBound", float("inf")),
        )
        for step in steps
    )
    if any(low >= high for low, high in spans):
        raise refused("A step's lower bound must be less than its upper bound")
    for (_, high), (low, _) in itertools.pairwise(spans):
        if low < high:
            raise refused("Step adjustment intervals cannot overlap")
        if low > high:
            raise refused("There cannot be a gap between step adjustment intervals")


def _calling(policy: Document) -> list[Document]:
    """The alarms whose action is this policy: somebody else's, of step scaling."""
    return [
        {"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]}
        for alarm in list(seams.ALARMS.by_name.values())
        if policy["PolicyARN"] in (alarm.get("AlarmActions") or [])
    ]


def _put_alarms(policy: Document) -> list[Document]:
    account, region = seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()
    made = []
    for alarm in alarms_of(policy):
        seams.ALARMS.put({}, alarm, False, True)
        arn = f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm['AlarmName']}"
        made.append({"AlarmName": alarm["AlarmName"], "AlarmARN": arn})
    return made


def _delete_alarms(policy: Document) -> None:
    names = [alarm["AlarmName"] for alarm in policy.get("Alarms", [])]
    if names:
        seams.ALARMS.delete({}, {"AlarmNames": names}, False, True)
