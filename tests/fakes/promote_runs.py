"""Executions of the promote machine whose endpoint looks as a script says."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import names
from stacks.machines.promote import definition
from tests.fakes.state_machine import Run, answers, task_states
from workbench.local.states.failures import StateFailedError

DEFINITION = definition(environment="dev", resource_prefix="slipway-dev")
REQUEST = {
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
    "release_id": "9f2c41d07b3a55e1",
    "cause": "approval",
    "actor": "ann@example.com",
    "reason": "better",
}
IDENTITY = {
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
    "image_digest": "sha256:1",
    "data_version": "1.0.0",
}
RESOURCE = f"endpoint/slipway-dev-pricing-hotel-rates/variant/{names.VARIANT}"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
SCALING = {
    "resource_id": RESOURCE,
    "dimension": DIMENSION,
    "min_capacity": 1,
    "max_capacity": 2,
    "policies": [
        {
            "PolicyName": "requests",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 100.0},
        }
    ],
    "schedules": [],
    "step_alarms": [],
}
THERE = StateFailedError("SageMaker.SageMakerException", 'Cannot create already existing model "arn"')
MISSING = StateFailedError("SageMaker.SageMakerException", 'Could not find endpoint "arn".')


TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
NIGHT = {
    "ScheduledActionName": "night",
    "Schedule": "cron(0 20 * * ? *)",
    "Timezone": "Europe/Berlin",
    "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
}
SCALED_BEFORE = {
    "LookAtScaling": {
        "ScalableTargets": [
            {
                "ResourceId": RESOURCE,
                "ScalableDimension": DIMENSION,
                "MinCapacity": 2,
                "MaxCapacity": 7,
                "SuspendedState": {"ScheduledScalingSuspended": True},
            }
        ]
    },
    "LookAtPolicies": {
        "ScalingPolicies": [
            {
                "PolicyARN": "arn:policy",
                "PolicyName": "invocations",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": TRACKING,
                "Alarms": [{"AlarmName": "TargetTracking-1"}],
            }
        ]
    },
    "LookAtSchedules": {"ScheduledActions": [NIGHT | {"ScheduledActionARN": "arn:night"}]},
}
NONE_REGISTERED = StateFailedError(
    "ApplicationAutoScaling.ObjectNotFoundException", "No scalable target found"
)


def promotion(**changes: Any) -> dict[str, Any]:
    return {
        "endpoint_name": "slipway-dev-pricing-hotel-rates",
        "endpoint_config_name": "new",
        "model_name": "new",
        "identity": IDENTITY,
        "action": "serve",
        "kind": "real-time",
        "layout": [
            {
                "variant": "AllTraffic",
                "version": "1.1.0",
                "release_id": "9f",
                "share": 1.0,
                "role": "champion",
            }
        ],
        "model_requests": [{"ModelName": "new"}],
        "endpoint_config_request": {
            "EndpointConfigName": "new",
            "ProductionVariants": [
                {"VariantName": names.VARIANT, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
            ],
        },
        "deployment_config": {"BlueGreenUpdatePolicy": {}},
        "retain_variant_properties": True,
        "fewest_retained": 1,
        "exclude_retained": [{"VariantPropertyType": "DesiredWeight"}],
        "alarms": [{"AlarmName": "slipway-dev-pricing-hotel-rates/new/5xx"}],
        "tags": [{"Key": "slipway:project", "Value": "pricing"}],
        "scaling_targets": [SCALING],
        "scaling_removals": [{"resource_id": RESOURCE, "dimension": DIMENSION}],
        "smoke": {},
        "alias_moves": [],
        "believed_config": "old",
        "previous": {"version": "1.0.0", "release_id": "8e"},
        "poll_seconds": 15,
    } | changes


def endpoint(status: str, config: str, **more: Any) -> dict[str, Any]:
    return {
        "EndpointArn": "arn:endpoint",
        "EndpointStatus": status,
        "EndpointConfigName": config,
        "ProductionVariants": [{"VariantName": names.VARIANT, "CurrentInstanceCount": 1}],
    } | more


def config_on(instance_type: str) -> Any:
    """DescribeEndpointConfig of what served before."""
    return answers({"ProductionVariants": [{"VariantName": names.VARIANT, "InstanceType": instance_type}]})


def run(*looks: Any, plan: dict[str, Any] | None = None, **tasks: Any) -> Run:
    """An execution whose endpoint looks as ``looks`` say, one after the other; ``plan``: of the promotion."""
    look = answers(*looks)
    done = answers({})
    return Run(
        DEFINITION,
        {name: done for name, _ in task_states(DEFINITION)}
        | {
            "TakeLease": answers({"Attributes": {"fence": {"N": "4"}}}),
            "PlanPromotion": answers({"Payload": promotion(**(plan or {}))}),
            "Look": look,
            "LookBack": look,
            "LookToStop": look,
            "LookAtServedConfig": config_on("ml.m5.large"),
            "LookAtScaling": answers({"ScalableTargets": []}),
            "LookAtPolicies": answers({"ScalingPolicies": []}),
            "LookAtSchedules": answers({"ScheduledActions": []}),
            "LookAtAlarm": answers({"AlarmHistoryItems": []}),
            "PutPolicy": answers({"PolicyArn": "arn:put"}),
            "PutPolicyAgain": answers({"PolicyArn": "arn:put-again"}),
            "Smoke": answers({"Payload": {"status": "passed", "milliseconds": 12.5, "identity": IDENTITY}}),
            "MoveAlias": answers({"Payload": {"alias": "champion"}}),
        }
        | tasks,
    )


def failure(execution: Run) -> StateFailedError:
    with pytest.raises(StateFailedError) as caught:
        execution.start({"request": REQUEST})
    return caught.value
