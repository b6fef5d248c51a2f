"""
IAM policy statements, as plain documents; each grant is named for what its holder may do.

They stand here, and not in CDK's ``grant_*`` methods, because those grant more
than a role needs and cost a round trip to Node each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from slipway.contracts import ledger_keys, lineage, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

LEASES: Final = ledger_keys.lease_key("*")["pk"]
STEPS: Final = steps.step_key("*")["pk"]
LINEAGE: Final = [
    lineage.node_key("*")["pk"],
    lineage.digest_key("*", "")["pk"],
    lineage.serving_key("")["pk"],
]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a role may do; a wildcard in a resource needs its reason (``because``)."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any]
    because: str

    @property
    def wildcards(self) -> tuple[str, ...]:
        """Resources that stand for more than one."""
        return tuple(resource for resource in self.resources if "*" in resource or "?" in resource)

    def document(self) -> dict[str, Any]:
        """As IAM takes it."""
        document = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return document | {"Condition": dict(self.conditions)} if self.conditions else document


class UnexplainedWildcardError(Exception):
    """A statement has a wildcard without a reason."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(
            f"{', '.join(statement.actions)} on {', '.join(statement.wildcards)}: "
            "say why no narrower resource will do"
        )
        self.statement = statement


def arn(service: str, resource: str) -> str:
    """The ARN of something in the stack's own account and region."""
    return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{resource}"


def allow(
    actions: list[str],
    resources: list[str],
    *,
    because: str = "",
    conditions: Mapping[str, Any] | None = None,
) -> Statement:
    """
    One statement; ``conditions`` are as IAM writes them: operator, key, value.

    >>> allow(["s3:GetObject"], ["arn:aws:s3:::bucket/key"]).document()
    {'Effect': 'Allow', 'Action': ['s3:GetObject'], 'Resource': ['arn:aws:s3:::bucket/key']}

    Raises:
        UnexplainedWildcardError: A resource has a wildcard and ``because`` is empty.
    """
    statement = Statement(tuple(actions), tuple(resources), conditions or {}, because)
    if statement.wildcards and not because:
        raise UnexplainedWildcardError(statement)
    return statement


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


def policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": statements}


def deny_plain_http(resources: list[str], action: str) -> dict[str, Any]:
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
    return allow(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn], conditions=_through(services))


def read_with_key(key_arn: str, *services: str) -> Statement:
    """Decrypt with a key, through the named services only."""
    return allow(["kms:Decrypt"], [key_arn], conditions=_through(services))


def _through(services: tuple[str, ...]) -> dict[str, Any]:
    named = [f"{service}.{cdk.Aws.REGION}.amazonaws.com" for service in services]
    return {"StringEquals": {"kms:ViaService": named}}


def lend_key(key_arn: str) -> Statement:
    """Let SageMaker encrypt the volumes of what is asked for."""
    return allow(["kms:CreateGrant"], [key_arn], conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}})


def read_objects(bucket_arn: str) -> list[Statement]:
    """List and read a bucket."""
    return [
        allow(["s3:ListBucket"], [bucket_arn]),
        allow(["s3:GetObject"], [f"{bucket_arn}/*"], because="objects come and go with releases"),
    ]


def write_objects(bucket_arn: str) -> Statement:
    """Put objects."""
    return allow(
        ["s3:PutObject"],
        [f"{bucket_arn}/*"],
        because="objects come and go with releases",
    )


def use_items(table_arn: str, key_arn: str, *operations: str) -> list[Statement]:
    """
    Use the ledger.

    Args:
        table_arn: The ledger's.
        key_arn: Of the key that encrypts it.
        operations: ``GetItem``, ``Query`` and so on; TransactWriteItems is authorized by those of its parts.
    """
    actions = [f"dynamodb:{operation}" for operation in operations]
    indexes = [f"{table_arn}/index/*"] if "Query" in operations else []
    return [
        allow(actions, [table_arn, *indexes], because="the ledger's own indexes"),
        use_key(key_arn, "dynamodb"),
    ]


def use_leases(table_arn: str, *operations: str) -> Statement:
    """Use leases and states of endpoints in the ledger; its key is lent by ``use_items``."""
    return _use_partitions(table_arn, [LEASES], *operations)


def use_steps(table_arn: str, *operations: str) -> Statement:
    """Use those items of the ledger that are the step cache's; its key is lent by ``use_items``."""
    return _use_partitions(table_arn, [STEPS], *operations)


def use_lineage(table_arn: str, *operations: str) -> Statement:
    """Use those items of the ledger that are lineage's; its key is lent by ``use_items``."""
    return _use_partitions(table_arn, LINEAGE, *operations)


def _use_partitions(table_arn: str, keys: list[str], *operations: str) -> Statement:
    return allow(
        [f"dynamodb:{operation}" for operation in operations],
        [table_arn],
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}},
    )


def put_events() -> Statement:
    """Tell the account's default event bus."""
    return allow(["events:PutEvents"], [arn("events", "event-bus/default")])


def invoke(*function_arns: str) -> Statement:
    """Call functions."""
    return allow(["lambda:InvokeFunction"], list(function_arns))


def pass_role(role_arn: str, service: str) -> Statement:
    """Hand a role to one service."""
    return allow(["iam:PassRole"], [role_arn], conditions={"StringEquals": {"iam:PassedToService": service}})


def managed_rule(name: str) -> Statement:
    """What Step Functions needs to hear of the end of what it started and waits for."""
    return allow(
        ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [arn("events", f"rule/{name}")]
    )


def on_models(actions: list[str], prefix: str, *kinds: str) -> Statement:
    """Do something with SageMaker's resources of these kinds that belong to this environment's models."""
    return allow(
        actions,
        [arn("sagemaker", f"{kind}/{prefix}-*") for kind in kinds],
        because="SageMaker's resources are named for models and releases, which come later",
    )


def on_images(actions: list[str], repository_prefix: str) -> Statement:
    """Do something with the repositories of models."""
    return allow(
        actions,
        [arn("ecr", f"repository/{repository_prefix}/*")],
        because="repositories are made by the first push of a model",
    )


def on_alarms(actions: list[str], names: str) -> Statement:
    """Do something with the alarms of these names."""
    return allow(
        actions,
        [arn("cloudwatch", f"alarm:{names}")],
        because="alarms are named for endpoints and their configs, which come later",
    )


def read_secret(name: str) -> Statement:
    """Read one secret of Secrets Manager; GetSecretValue takes its ARN without the characters at its end."""
    return allow(
        ["secretsmanager:GetSecretValue"],
        [f"{arn('secretsmanager', f'secret:{name}')}-??????"],
        because="Secrets Manager ends a secret's ARN with characters of its own",
    )
