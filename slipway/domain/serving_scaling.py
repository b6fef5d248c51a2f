"""Application Auto Scaling of an endpoint's variants: complete requests, from what manifests ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names

if TYPE_CHECKING:
    from slipway.contracts.promotion import ScaledVariant, ScalingTarget
    from slipway.domain.serving import Serving

DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
COOLDOWN_SECONDS: Final = 300
_PERIOD_SECONDS: Final = 60


def scaled_variant(endpoint_name: str, variant: str) -> ScaledVariant:
    """The scalable target that a variant with instances is."""
    return {"resource_id": f"endpoint/{endpoint_name}/variant/{variant}", "dimension": DIMENSION}


def scaling_target(endpoint_name: str, variant: str, serving: Serving) -> ScalingTarget | None:
    """How a variant is scaled; None: its number of instances stays."""
    if not serving.scaled:
        return None
    target = scaled_variant(endpoint_name, variant)
    where = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": target["resource_id"],
        "ScalableDimension": target["dimension"],
    }
    policies = [where | policy for policy in _tracking(endpoint_name, variant, serving)]
    step_alarms: list[dict[str, Any]] = []
    if serving.backlog_per_instance and serving.fewest_instances == 0:
        name = names.scaling_alarm(endpoint_name, "from-zero", variant)
        policies.append(where | _from_zero(name))
        step_alarms.append(_waiting(name, endpoint_name))
    return {
        **target,
        "min_capacity": serving.min_instances,
        "max_capacity": serving.max_instances,
        "policies": policies,
        "schedules": [
            where
            | {
                "ScheduledActionName": f"{endpoint_name}-{variant}-{name}",
                "Schedule": one.schedule,
                "Timezone": one.timezone,
                "ScalableTargetAction": {"MinCapacity": one.min_instances, "MaxCapacity": one.max_instances},
            }
            for name, one in sorted(serving.schedules.items())
        ],
        "step_alarms": step_alarms,
    }


def _tracking(endpoint_name: str, variant: str, serving: Serving) -> list[dict[str, Any]]:
    """The one metric that the number of instances follows; a schedule needs none."""
    if serving.invocations_per_instance:
        what, value = "invocations", serving.invocations_per_instance
        metric = _predefined("SageMakerVariantInvocationsPerInstance")
    elif serving.concurrency_per_instance:
        what, value = "concurrency", serving.concurrency_per_instance
        metric = _predefined("SageMakerVariantConcurrentRequestsPerModelHighResolution")
    elif serving.backlog_per_instance:
        what, value = "backlog", serving.backlog_per_instance
        metric = {
            "CustomizedMetricSpecification": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Dimensions": [{"Name": "EndpointName", "Value": endpoint_name}],
                "Statistic": "Average",
            }
        }
    else:
        return []
    cooldowns = {"ScaleInCooldown": COOLDOWN_SECONDS, "ScaleOutCooldown": COOLDOWN_SECONDS}
    return [
        {
            "PolicyName": f"{endpoint_name}-{variant}-{what}",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": float(value), **metric, **cooldowns},
        }
    ]


def _predefined(metric: str) -> dict[str, Any]:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": metric}}


def _from_zero(name: str) -> dict[str, Any]:
    """Without instances there is no backlog per instance to follow: requests that wait start the first."""
    return {
        "PolicyName": name,
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": COOLDOWN_SECONDS,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
    }


def _waiting(name: str, endpoint_name: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmDescription": f"Requests wait at endpoint {endpoint_name}, which has no instance: one is "
        "started",
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint_name}],
        "Statistic": "Average",
        "Period": _PERIOD_SECONDS,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
    }
