"""What a Task's ``Resource`` means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Pattern = Literal["request", "sync", "sync:2", "waitForTaskToken"]
Kind = Literal["optimized", "aws-sdk", "lambda", "activity"]

OPTIMIZED: Final[dict[str, tuple[str, dict[str, frozenset[str]]]]] = {
    "lambda": ("lambda", {"invoke": frozenset({"request", "waitForTaskToken"})}),
    "dynamodb": (
        "dynamodb",
        dict.fromkeys(("getItem", "putItem", "updateItem", "deleteItem"), frozenset({"request"})),
    ),
    "events": ("events", {"putEvents": frozenset({"request", "waitForTaskToken"})}),
    "sns": ("sns", {"publish": frozenset({"request", "waitForTaskToken"})}),
    "sqs": ("sqs", {"sendMessage": frozenset({"request", "waitForTaskToken"})}),
    "states": (
        "stepfunctions",
        {"startExecution": frozenset({"request", "sync", "sync:2", "waitForTaskToken"})},
    ),
    "sagemaker": (
        "sagemaker",
        dict.fromkeys(
            (
                "createTrainingJob",
                "createProcessingJob",
                "createTransformJob",
                "createHyperParameterTuningJob",
            ),
            frozenset({"request", "sync"}),
        )
        | dict.fromkeys(
            ("createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint"),
            frozenset({"request"}),
        ),
    ),
}
"""Service of the ARN: boto3's name of it, and which patterns each action takes."""

_SDK_TO_BOTO: Final = {
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "applicationautoscaling": "application-autoscaling",
    "sagemakerruntime": "sagemaker-runtime",
    "servicediscovery": "servicediscovery",
    "rdsdata": "rds-data",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
}

_INTEGRATION = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(?P<sdk>aws-sdk:)?(?P<service>[a-zA-Z0-9-]+):"
    r"(?P<action>[a-zA-Z0-9]+)(?:\.(?P<pattern>sync:2|sync|waitForTaskToken))?"
)
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:.+")
_ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:.+")


@dataclass(frozen=True, slots=True)
class Resource:
    """
    One integration.

    Attributes:
        resource: The history's ``resource``, e.g. ``createTrainingJob.sync``.
        resource_type: The history's ``resourceType``, e.g. ``sagemaker`` or ``aws-sdk:s3``.
        boto: boto3's name of the service.
    """

    arn: str
    kind: Kind
    service: str
    action: str
    pattern: Pattern
    boto: str

    @property
    def resource(self) -> str:
        return self.action if self.pattern == "request" else f"{self.action}.{self.pattern}"

    @property
    def resource_type(self) -> str:
        return f"aws-sdk:{self.service}" if self.kind == "aws-sdk" else self.service


@lru_cache(maxsize=1024)
def parse_resource(arn: str) -> Resource | str:  # noqa: PLR0911 - one for each kind and each reason
    """
    The integration behind an ARN, or in words why there is none.

    >>> parse_resource("arn:aws:states:::sqs:sendMessage.sync")
    'sqs:sendMessage does not support .sync; it supports request, .waitForTaskToken'
    """
    if _FUNCTION.fullmatch(arn):
        return Resource(arn, "lambda", "lambda", "invoke", "request", "lambda")
    if _ACTIVITY.fullmatch(arn):
        return Resource(arn, "activity", "states", arn, "waitForTaskToken", "stepfunctions")
    found = _INTEGRATION.fullmatch(arn)
    if not found:
        return f"The resource provided {arn} is not recognized: it is no integration, function or activity"
    service, action = found["service"], found["action"]
    pattern: Pattern = found["pattern"] or "request"  # type: ignore[assignment]
    if found["sdk"]:
        if pattern in {"sync", "sync:2"}:
            return f"aws-sdk:{service}:{action} does not support .{pattern}"
        return Resource(arn, "aws-sdk", service, action, pattern, _SDK_TO_BOTO.get(service, service))
    if service not in OPTIMIZED:
        known = ", ".join(sorted(OPTIMIZED))
        return f"The resource provided {arn} is not recognized: there are {known} and aws-sdk:…"
    boto, actions = OPTIMIZED[service]
    if action not in actions:
        return f"The resource provided {arn} is not recognized: {service} has {', '.join(sorted(actions))}"
    if pattern not in actions[action]:
        known = ", ".join(name if name == "request" else f".{name}" for name in sorted(actions[action]))
        return f"{service}:{action} does not support .{pattern}; it supports {known}"
    return Resource(arn, "optimized", service, action, pattern, boto)
