"""
The promote workflow's tasks on Application Auto Scaling.

SageMaker refuses to change the instance type of a variant that is a scalable
target. So each update takes the target away before and registers it again
after; on the way back with what it was: ``target`` and ``policy`` hold that.
"""

from __future__ import annotations

from typing import Any, Final

from slipway.contracts import names
from stacks.machines.endpoint import catch
from stacks.machines.language import INPUT, State, States, query, retry

PROMOTION: Final = "$states.input.promotion"
DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
TARGET: Final = query(f"'endpoint/' & {PROMOTION}.endpoint_name & '/variant/{names.VARIANT}'")
FOUND: Final = "$states.result.ScalableTargets[0]"
FOUND_POLICY: Final = "$states.result.ScalingPolicies[PolicyType = 'TargetTrackingScaling'][0]"


def autoscaling(
    action: str, arguments: dict[str, Any], *, next_state: str, on_error: str = "MustItBeRestored"
) -> State:
    """One call that leaves the document as it is."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:applicationautoscaling:{action}",
        "Arguments": {"ServiceNamespace": "sagemaker", "ScalableDimension": DIMENSION} | arguments,
        "Output": INPUT,
        "Retry": [
            retry(
                [
                    "ApplicationAutoScaling.ConcurrentUpdateException",
                    "ApplicationAutoScaling.InternalServiceException",
                    "ApplicationAutoScaling.SdkClientException",
                ],
                first_seconds=2,
                attempts=5,
                longest_seconds=30,
            ),
        ],
        "Catch": catch(on_error),
        "Next": next_state,
    }


def deregister(*, next_state: str) -> State:
    """Take the target away with its policies; there may be none."""
    state = autoscaling("deregisterScalableTarget", {"ResourceId": TARGET}, next_state=next_state)
    none = {
        "ErrorEquals": ["ApplicationAutoScaling.ObjectNotFoundException"],
        "Output": INPUT,
        "Next": next_state,
    }
    state["Catch"] = [none, *state["Catch"]]
    return state


def register(minimum: str, maximum: str, **following: str) -> State:
    """Make the variant a scalable target, from so many instances to so many."""
    capacity = {"MinCapacity": query(minimum), "MaxCapacity": query(maximum)}
    return autoscaling("registerScalableTarget", {"ResourceId": TARGET} | capacity, **following)


def follow(name: str, configuration: str | dict[str, Any], **following: str) -> State:
    """Set the target's only policy."""
    policy = {
        "PolicyName": query(name),
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": configuration,
    }
    return autoscaling("putScalingPolicy", {"ResourceId": TARGET} | policy, **following)


def states() -> States:
    """Before the update: how it is scaled, and no more. After it: as the manifest says."""
    look = autoscaling("describeScalableTargets", {"ResourceIds": [TARGET]}, next_state="LookAtPolicy")
    look["Assign"] = {
        "target": query(
            f"$exists({FOUND}) ? {{'min': {FOUND}.MinCapacity, 'max': {FOUND}.MaxCapacity}} : null"
        )
    }
    policy = autoscaling("describeScalingPolicies", {"ResourceId": TARGET}, next_state="SuspendScaling")
    policy["Assign"] = {
        "policy": query(
            f"""
            $exists({FOUND_POLICY})
                ? {{'name': {FOUND_POLICY}.PolicyName,
                    'configuration': {FOUND_POLICY}.TargetTrackingScalingPolicyConfiguration}}
                : null
            """
        )
    }
    tracking = {
        "TargetValue": query(f"{PROMOTION}.scaling.invocations_per_instance"),
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    return {
        "LookAtScaling": look,
        "LookAtPolicy": policy,
        "SuspendScaling": deregister(next_state="UpdateEndpoint"),
        "RegisterScaling": register(
            f"{PROMOTION}.scaling.min_capacity", f"{PROMOTION}.scaling.max_capacity", next_state="SetScaling"
        ),
        "SetScaling": follow(f"{PROMOTION}.scaling.policy_name", tracking, next_state="Smoke"),
        "DeregisterScaling": deregister(next_state="Smoke"),
    }
