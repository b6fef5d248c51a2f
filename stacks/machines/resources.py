"""
What the promote workflow makes before it asks: models, the endpoint config, and alarms on it.

Names are functions of what they name (a version, a layout), so that one that exists is the one we want.
Alarms stand before the update begins: they watch the new config alone, and when one rings, SageMaker goes
back.
"""

from __future__ import annotations

from slipway.contracts import promotion_limits as limits
from stacks.machines.endpoint import AWAY, EXISTS, MISSING, PROMOTION, TRANSIENT, catch, sagemaker, says
from stacks.machines.language import INPUT, State, States, choose, each, query, retry, when

ALARM_TROUBLE = [
    retry(
        ["CloudWatch.CloudWatchException", "CloudWatch.SdkClientException"],
        first_seconds=2,
        attempts=6,
        longest_seconds=30,
    ),
]


def resources(*, next_state: str) -> States:
    """Everything that the endpoint is to run with."""
    return {
        "MakeModels": each(
            f"{PROMOTION}.model_requests",
            "CreateModel",
            _create_model(),
            next_state="CreateEndpointConfig",
            catch=catch(),
        ),
        "CreateEndpointConfig": sagemaker(
            "createEndpointConfig",
            query(f"{PROMOTION}.endpoint_config_request"),
            next_state="PutAlarms",
            on_error="IsTheConfigThere",
        ),
        # SageMaker has no error name for it; only the text tells.
        "IsTheConfigThere": choose(
            when(EXISTS, "PutAlarms"),
            # A model that was just made may not be seen yet.
            when(
                f"({MISSING} or {AWAY}) and $refusals < {limits.REFUSALS}",
                "CreateConfigLater",
                refusals=query("$refusals + 1"),
            ),
            default="MustItBeRestored",
        ),
        "CreateConfigLater": {
            "Type": "Wait",
            "Seconds": query(f"{PROMOTION}.poll_seconds"),
            "Next": "CreateEndpointConfig",
        },
        "PutAlarms": each(
            f"{PROMOTION}.alarms",
            "PutAlarm",
            {"PutAlarm": put_alarm(query("$states.input"))},
            next_state=next_state,
            catch=catch(),
        ),
    }


def put_alarm(arguments: str) -> State:
    """The only state of an iteration."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cloudwatch:putMetricAlarm",
        "Arguments": arguments,
        "Output": INPUT,
        "Retry": ALARM_TROUBLE,
        "End": True,
    }


def _create_model() -> States:
    refusal = "$merge([{'Error': 'Unknown', 'Cause': ''}, $states.errorOutput])"
    return {
        "CreateModel": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sagemaker:createModel",
            "Arguments": INPUT,
            "Output": INPUT,
            "Retry": TRANSIENT,
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    # an iteration has variables of its own, under names of its own
                    "Assign": {"no_model": query(refusal)},
                    "Output": INPUT,
                    "Next": "IsTheModelThere",
                }
            ],
            "Next": "ModelThere",
        },
        "IsTheModelThere": choose(
            when(says("$no_model.Cause", "already exist"), "ModelThere"),
            when(says("$no_model.Cause", "Rate exceeded"), "CreateModelLater"),
            default="ModelRefused",
        ),
        "CreateModelLater": {"Type": "Wait", "Seconds": 5, "Next": "CreateModel"},
        "ModelThere": {"Type": "Succeed"},
        "ModelRefused": {
            "Type": "Fail",
            "Error": query("$no_model.Error"),
            "Cause": query("$no_model.Cause"),
        },
    }
