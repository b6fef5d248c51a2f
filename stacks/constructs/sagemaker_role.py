"""The roles that SageMaker takes to run a model image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.constructs.role import role
from stacks.constructs.statements import Statement, allow, arn, on_images, trust_in_account

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from constructs import Construct


def sagemaker_role(
    scope: Construct,
    construct_id: str,
    *,
    description: str,
    repository_prefix: str,
    statements: list[Statement],
) -> iam.CfnRole:
    """A role that pulls images, writes SageMaker's logs and metrics, and does ``statements``."""
    own = [
        allow(["ecr:GetAuthorizationToken"], ["*"], because="GetAuthorizationToken knows no resources"),
        on_images(
            ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
            repository_prefix,
        ),
        allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [arn("logs", "log-group:/aws/sagemaker/*")],
            because="SageMaker names its log groups",
        ),
        allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            because="PutMetricData knows no resources",
            conditions={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}},
        ),
    ]
    return role(
        scope,
        construct_id,
        trusts=trust_in_account("sagemaker.amazonaws.com"),
        description=description,
        statements=own + statements,
    )
