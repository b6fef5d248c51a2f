"""
IAM policy statements, as plain documents; each grant is named for what its holder may do.

They stand here, and not in CDK's ``grant_*`` methods, because those grant more
than a role needs and cost a round trip to Node each.
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

Statement = dict[str, Any]


def arn(service: str, resource: str) -> str:
    """The ARN of something in the stack's own account and region."""
    return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{resource}"


def allow(actions: list[str], resources: list[str], **conditions: dict[str, Any]) -> Statement:
    """
    One statement; ``conditions`` are operators such as ``StringEquals``.

    >>> allow(["s3:GetObject"], ["arn:aws:s3:::bucket/*"])
    {'Effect': 'Allow', 'Action': ['s3:GetObject'], 'Resource': ['arn:aws:s3:::bucket/*']}
    """
    statement: Statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | {"Condition": conditions} if conditions else statement


def trust(service: str) -> dict[str, Any]:
    """A role's trust in one AWS service."""
    return policy(
        [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    )


def trust_in_account(service: str) -> dict[str, Any]:
    """A role's trust in a service that acts for resources of this account only: no confused deputy."""
    return policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            },
        ],
    )


def policy(statements: list[Statement]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": statements}


def deny_plain_http(resources: list[str], action: str) -> Statement:
    """For resource policies: nothing without TLS."""
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def use_key(key_arn: str, *services: str) -> Statement:
    """Encrypt and decrypt with a key, through the named services only (``s3``, ``dynamodb``, ``sns``)."""
    return allow(
        ["kms:Decrypt", "kms:GenerateDataKey"],
        [key_arn],
        StringEquals={
            "kms:ViaService": [f"{service}.{cdk.Aws.REGION}.amazonaws.com" for service in services]
        },
    )


def read_objects(bucket_arn: str) -> list[Statement]:
    """List and read a bucket."""
    return [
        allow(["s3:ListBucket"], [bucket_arn]),
        allow(["s3:GetObject"], [f"{bucket_arn}/*"]),
    ]


def write_objects(bucket_arn: str) -> Statement:
    """Put objects, large ones too."""
    return allow(["s3:PutObject", "s3:AbortMultipartUpload"], [f"{bucket_arn}/*"])


def read_items(table_arn: str) -> Statement:
    """Read the ledger and its indexes."""
    return allow(["dynamodb:GetItem", "dynamodb:Query"], [table_arn, f"{table_arn}/index/*"])


def write_items(table_arn: str) -> Statement:
    """Write the ledger; TransactWriteItems is authorized by the actions of its parts."""
    return allow(["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"], [table_arn])


def put_events() -> Statement:
    """Tell the account's default event bus."""
    return allow(["events:PutEvents"], [arn("events", "event-bus/default")])


def invoke(*function_arns: str) -> Statement:
    """Call functions."""
    return allow(["lambda:InvokeFunction"], list(function_arns))


def pass_role(role_arn: str, service: str) -> Statement:
    """Hand a role to one service."""
    return allow(["iam:PassRole"], [role_arn], StringEquals={"iam:PassedToService": service})


def managed_rule(name: str) -> Statement:
    """What Step Functions needs to hear of the end of what it started and waits for."""
    return allow(
        ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [arn("events", f"rule/{name}")]
    )
