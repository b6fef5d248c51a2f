"""What a release costs on AWS besides its instances, from what it did on the embedded AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.costs import LIST_PRICES, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.conftest import EmbeddedAws

USD: Final = {
    "state transition": 0.025 / 1000,
    "Lambda GB-second (arm64)": 0.0000133334,
    "Lambda request": 0.20 / 1e6,
    "DynamoDB write": 0.625 / 1e6,
    "DynamoDB read": 0.125 / 1e6,
    "SNS publish": 0.50 / 1e6,
    "SNS e-mail": 2.00 / 100_000,
    "S3 write or list": 0.005 / 1000,
    "S3 read": 0.0004 / 1000,
    "KMS request": 0.03 / 10_000,
    "custom event": 1.00 / 1e6,
    "HTTP API request": 1.00 / 1e6,
}
"""List prices of us-east-1, free tiers left out; the AWS Price List is the truth."""
SOURCES: Final = (
    "https://aws.amazon.com/step-functions/pricing/",
    "https://aws.amazon.com/lambda/pricing/",
    "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    "https://aws.amazon.com/sns/pricing/",
    "https://aws.amazon.com/s3/pricing/",
    "https://aws.amazon.com/kms/pricing/",
    "https://aws.amazon.com/eventbridge/pricing/",
    "https://aws.amazon.com/api-gateway/pricing/",
)
ACTIONS: Final = {
    "DynamoDB write": ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
    "DynamoDB read": ("dynamodb:GetItem", "dynamodb:Query"),
    "SNS publish": ("sns:Publish",),
    "S3 write or list": ("s3:PutObject", "s3:ListBucket"),
    "S3 read": ("s3:GetObject",),
    "KMS request": ("kms:GenerateMac", "kms:VerifyMac", "kms:Decrypt", "kms:GenerateDataKey"),
    "custom event": ("events:PutEvents",),
}
"""Requests that IAM decides on, by what they are billed as."""
LOCAL_POLL_TRANSITIONS: Final = 3
"""Of each look at an endpoint that is still changing: wait, look, choose."""
ENDPOINT_SECONDS: Final = 122
"""That an endpoint on AWS was seen to take until it was in service."""


def counted(aws: EmbeddedAws) -> dict[str, int]:
    """How often each billed kind of request was allowed so far."""
    found = dict.fromkeys(ACTIONS, 0)
    for decision in aws.audit(decision="Allow"):
        for kind, actions in ACTIONS.items():
            if decision["action"] in actions:
                found[kind] += decision["count"]
    return found


def lambda_reports(aws: EmbeddedAws, since_ms: int) -> dict[str, float]:
    """``requests`` and ``gb_seconds`` of all functions, from the reports in their logs."""
    logs = aws.client("logs")
    requests, gb_seconds = 0, 0.0
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], startTime=since_ms
        )
        for event in (event for page in pages for event in page["events"]):
            if (billed := _billed_gb_seconds(event["message"])) is not None:
                requests, gb_seconds = requests + 1, gb_seconds + billed
    return {"requests": requests, "gb_seconds": round(gb_seconds, 4)}


def _billed_gb_seconds(message: str) -> float | None:
    if '"platform.report"' in message:
        metrics = json.loads(message)["record"]["metrics"]
        return float(metrics["billedDurationMs"]) / 1000 * float(metrics["memorySizeMB"]) / 1024
    if message.startswith("REPORT "):
        fields = dict(field.strip().split(": ", 1) for field in message.split("\t") if ": " in field)
        seconds = float(fields["Billed Duration"].split()[0]) / 1000
        return seconds * float(fields["Memory Size"].split()[0]) / 1024
    return None


def transitions(events: Iterable[Mapping[str, Any]]) -> int:
    """
    State transitions that a history is billed for: each entry of a state, and each retry.

    >>> transitions([{"type": "PassStateEntered"}, {"type": "PassStateExited"}])
    1
    """
    entered, attempts, tasks = 0, 0, 0
    for event in events:
        kind = event["type"]
        entered += kind.endswith("StateEntered")
        tasks += kind == "TaskStateEntered"
        attempts += kind in ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
    return entered + max(0, attempts - tasks)


def estimate(
    *, transitions_by_machine: Mapping[str, int], functions: Mapping[str, float], requests: Mapping[str, int],
    mails: int, pages: int, endpoint_looks: int, poll_seconds: int,
) -> dict[str, Any]:  # fmt: skip
    """
    US dollars of one release without its instances.

    Args:
        transitions_by_machine: As they were here.
        functions: ``requests`` and ``gb_seconds``; seconds of this machine stand for Lambda's.
        requests: By the kinds of ``ACTIONS``.
        mails: E-mails that were sent.
        pages: Requests to the approval page.
        endpoint_looks: Looks at the endpoint that was still changing, here.
        poll_seconds: Between two looks on AWS.
    """
    polls = -(-ENDPOINT_SECONDS // poll_seconds)
    here = sum(transitions_by_machine.values())
    on_aws = here + (polls - endpoint_looks) * LOCAL_POLL_TRANSITIONS
    amounts = {
        "state transition": float(on_aws),
        "Lambda GB-second (arm64)": functions["gb_seconds"],
        "Lambda request": functions["requests"],
        "SNS e-mail": float(mails),
        "HTTP API request": float(pages),
        **{kind: float(count) for kind, count in requests.items()},
    }
    usd = {kind: amount * USD[kind] for kind, amount in amounts.items()}
    minute = LIST_PRICES.instance_usd("ml.m5.large", 1, 60)
    return {
        "transitions_here": dict(transitions_by_machine),
        "transitions_on_aws": on_aws,
        "endpoint_looks_on_aws": polls,
        "amounts": {kind: round(amount, 4) for kind, amount in amounts.items()},
        "usd": {kind: round(one, 8) for kind, one in usd.items()},
        "usd_without_instances": round(sum(usd.values()), 6),
        "usd_per_ml.m5.large_minute": None if minute is None else round(minute, 6),
        "prices": f"{SOURCE}; {', '.join(SOURCES)}",
    }
