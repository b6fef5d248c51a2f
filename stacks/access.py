"""What people and programs may do: five managed policies, to attach to roles and permission sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway.contracts import names
from slipway.contracts.platform import parameter_name
from stacks.constructs.findings import explain_wildcards
from stacks.constructs.machine import machine_arn, on_executions
from stacks.constructs.statements import (
    Statement,
    allow,
    arn,
    invoke,
    lend_key,
    on_images,
    on_models,
    pass_role,
    policy,
    read_objects,
    read_with_key,
    use_key,
    write_objects,
)

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.outcomes import OutcomesStack
    from stacks.registry import RegistryStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack
    from stacks.trial import TrialStack

DESCRIPTION: Final = "Slipway: what docs/operations.md says of this role"
"""
Of each policy, and for ever: another one would make CloudFormation replace the policy, which it can't do with
one that has a name of ours. What the role may do is told by the table there, which a test keeps true.
"""


class AccessStack(cdk.Stack):
    """
    The policies; who gets them is decided where the account's people are.

    ``read`` goes to everybody, the others beside it: in one policy both would be longer than IAM allows.
    ``report`` stands alone, for programs. None of them writes to the ledger: only functions do.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        plan_function_arn: str,
        sweep_function_arn: str,
        job_role_arn: str,
        serving_role_arn: str,
        registry: RegistryStack,
        outcomes: OutcomesStack,
        trial: TrialStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings, self._storage, self._plan_function_arn = settings, storage, plan_function_arn
        self._registry, self._job_role_arn, self._outcomes = registry, job_role_arn, outcomes
        self._serving_role_arn, self._sweep_function_arn = serving_role_arn, sweep_function_arn
        self._trial = trial
        self._prefix = settings.policy["resource_prefix"]
        own = {"push": self._push(), "approve": self._approve(), "operate": self._operate(), "read": []}
        for role, statements in own.items():
            self._add_policy(role, statements or self._read())
        self._add_policy("report", [self._report(), self._find()])

    def _add_policy(self, role: str, statements: list[Statement]) -> None:
        documents = [statement.document() for statement in statements]
        if role == "push":
            documents.append(self._never_overwrite())
        made = iam.CfnManagedPolicy(
            self,
            role.capitalize(),
            managed_policy_name=f"slipway-{self._settings.environment}-{role}",
            description=DESCRIPTION,
            policy_document=policy(documents),
        )
        explain_wildcards(made, sorted({one.because for one in statements if one.wildcards}))

    def _push(self) -> list[Statement]:
        data = self._storage.data_bucket.attr_arn
        return [
            on_images(
                [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:CompleteLayerUpload",
                    "ecr:CreateRepository",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
                self._settings.policy["repository_prefix"],
            ),
            write_objects(data),
            use_key(self._storage.data_key.attr_arn, "s3"),
            allow(["s3:AbortMultipartUpload"], [f"{data}/*"], because="objects come and go with releases"),
            allow(
                ["s3:DeleteObject"],
                [f"{data}/*/upload.json"],
                because="the mark of an upload lies beside its files and goes with its end",
            ),
            invoke(self._plan_function_arn, self._registry.tag_version.arn),
            self._invoke_endpoints(),
            self._report(),
        ]

    def _never_overwrite(self) -> dict[str, Any]:
        """Data set versions never change: who puts an object says that it must not be there yet."""
        return {
            "Effect": "Deny",
            "Action": ["s3:PutObject"],
            "Resource": [f"{self._storage.data_bucket.attr_arn}/*"],
            "Condition": {
                "Null": {"s3:if-none-match": "true"},
                "Bool": {"s3:ObjectCreationOperation": "true"},
            },
        }

    def _report(self) -> Statement:
        return allow(["execute-api:Invoke"], [self._outcomes.route_arn])

    def _find(self) -> Statement:
        """Where the platform's parts are."""
        return allow(
            ["ssm:GetParameter"], [arn("ssm", f"parameter{parameter_name(self._settings.environment)}")]
        )

    def _approve(self) -> list[Statement]:
        return [on_models(["sagemaker:UpdateModelPackage"], self._prefix, "model-package")]

    def _operate(self) -> list[Statement]:
        return [
            on_executions(
                ["states:RedriveExecution", "states:StopExecution"], self._settings, "release", "promote"
            ),
            allow(
                ["states:StartExecution"], [machine_arn(self._settings, one) for one in ("promote", "trial")]
            ),
            invoke(
                self._plan_function_arn,
                self._registry.set_alias.arn,
                self._registry.tag_version.arn,
                self._registry.remove_artifact.arn,
                self._trial.stop_trial.arn,
                self._sweep_function_arn,
            ),
            self._invoke_endpoints(),
            *self._train_again(),
            *self._batch(),
            *self._mend(),
        ]

    def _mend(self) -> list[Statement]:
        """Remove what killed promotions left behind: ``slipway doctor --mend``."""
        return [
            on_models(
                ["sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel"],
                self._prefix,
                "endpoint-config",
                "model",
            ),
            allow(
                ["cloudwatch:DeleteAlarms"],
                [arn("cloudwatch", f"alarm:{self._prefix}-*/*")],
                because="promotions make alarms that are named for endpoints and configs",
            ),
            allow(
                ["cloudwatch:DeleteDashboards"],
                [f"arn:{cdk.Aws.PARTITION}:cloudwatch::{cdk.Aws.ACCOUNT_ID}:dashboard/{self._prefix}-*"],
                because="each endpoint has a dashboard of its own",
            ),
            allow(
                ["application-autoscaling:DeregisterScalableTarget"],
                [arn("application-autoscaling", "scalable-target/*")],
                because="scalable targets have random ids",
                conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
            ),
        ]

    def _train_again(self) -> list[Statement]:
        """Jobs of this environment's names, under the role of its jobs: to reproduce a version."""
        return [
            on_models(
                ["sagemaker:AddTags", "sagemaker:CreateTrainingJob", "sagemaker:ListTags"],
                self._prefix,
                "training-job",
            ),
            on_models(["sagemaker:AddTags", "sagemaker:CreateProcessingJob"], self._prefix, "processing-job"),
            pass_role(self._job_role_arn, "sagemaker.amazonaws.com"),
            lend_key(self._storage.data_key.attr_arn),
        ]

    def _batch(self) -> list[Statement]:
        """Ask a version of files: its model under the serving role, and where inputs and outputs lie."""
        folders = f"{self._storage.artifact_bucket.attr_arn}/{names.BATCH_PREFIX}*"
        return [
            on_models(["sagemaker:AddTags", "sagemaker:CreateModel"], self._prefix, "model"),
            on_models(
                ["sagemaker:AddTags", "sagemaker:CreateTransformJob", "sagemaker:StopTransformJob"],
                self._prefix,
                "transform-job",
            ),
            pass_role(self._serving_role_arn, "sagemaker.amazonaws.com"),
            allow(
                ["s3:AbortMultipartUpload", "s3:PutObject"],
                [folders],
                because="each batch has a folder of its own",
            ),
            use_key(self._storage.data_key.attr_arn, "s3"),
        ]

    def _invoke_endpoints(self) -> Statement:
        return on_models(
            ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"], self._prefix, "endpoint"
        )

    def _read(self) -> list[Statement]:
        environment, storage = self._settings.environment, self._storage
        machines = [machine_arn(self._settings, kind) for kind in ("release", "promote", "trial")]
        lists = "lists are of the whole account; they hold names and states"
        return [
            self._find(),
            storage.grant_ledger("GetItem", "BatchGetItem", "Query")[0],
            *read_objects(storage.data_bucket.attr_arn),
            *read_objects(storage.artifact_bucket.attr_arn),
            read_with_key(storage.data_key.attr_arn, "s3", "dynamodb"),
            on_executions(
                ["states:DescribeExecution", "states:GetExecutionHistory"],
                self._settings,
                "release",
                "promote",
            ),
            allow(["states:ListExecutions", "states:DescribeStateMachine"], machines),
            on_models(
                [
                    "sagemaker:DescribeEndpoint",
                    "sagemaker:DescribeEndpointConfig",
                    "sagemaker:DescribeModel",
                    "sagemaker:DescribeModelPackage",
                    "sagemaker:DescribeModelPackageGroup",
                    "sagemaker:DescribeProcessingJob",
                    "sagemaker:DescribeTrainingJob",
                    "sagemaker:DescribeTransformJob",
                    "sagemaker:ListModelPackages",
                ],
                self._prefix,
                "endpoint",
                "endpoint-config",
                "model",
                "model-package",
                "model-package-group",
                "processing-job",
                "training-job",
                "transform-job",
            ),
            on_images(
                ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:ListImages"],
                self._settings.policy["repository_prefix"],
            ),
            allow(
                [
                    "ecr:GetAuthorizationToken",
                    "logs:DescribeLogGroups",
                    "sagemaker:ListEndpointConfigs",
                    "sagemaker:ListEndpoints",
                    "sagemaker:ListModelPackageGroups",
                    "sagemaker:ListModels",
                    "sagemaker:ListTransformJobs",
                    "application-autoscaling:DescribeScalableTargets",
                    "cloudwatch:DescribeAlarms",
                    "cloudwatch:ListDashboards",
                    "cloudformation:DescribeStacks",
                    "cloudwatch:DescribeAlarms",
                    "cloudwatch:GetMetricData",
                    "sns:ListSubscriptionsByTopic",
                ],
                ["*"],
                because=lists,
            ),
            allow(
                ["cloudwatch:GetDashboard"],
                [f"arn:{cdk.Aws.PARTITION}:cloudwatch::{cdk.Aws.ACCOUNT_ID}:dashboard/{self._prefix}-*"],
                because="dashboards are named for endpoints, which come and go",
            ),
            allow(
                ["logs:FilterLogEvents", "logs:GetLogEvents"],
                [
                    arn("logs", f"log-group:{group}")
                    for group in ("/aws/sagemaker/*", f"*slipway-{environment}-*")
                ],
                because="log groups are named for functions, jobs and endpoints, which come and go",
            ),
        ]
