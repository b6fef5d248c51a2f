"""From a registered version to a serving endpoint: the promote machine and its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from slipway.contracts import environment as variables
from slipway.contracts import names
from stacks.constructs.alarms import Alarms
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.machine import Machine
from stacks.constructs.sagemaker_role import sagemaker_role
from stacks.constructs.statements import (
    Statement,
    allow,
    arn,
    invoke,
    lend_key,
    on_alarms,
    on_models,
    pass_role,
    put_events,
    read_objects,
    use_key,
)
from stacks.machines import promote

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack


SMOKE_SECONDS: Final = 600
"""SageMaker gives a container 60 seconds to answer; several versions may stand side by side."""


class PromotionStack(cdk.Stack):
    """Serves approvals, promotions by hand and rollbacks alike."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        packages: Packages,
        storage: StorageStack,
        notifications: NotificationsStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self._prefix = settings.policy["resource_prefix"]
        self._serving_role = sagemaker_role(
            self,
            "ServingRole",
            description="Slipway: what a serving container may do",
            repository_prefix=settings.policy["repository_prefix"],
            statements=[
                *read_objects(storage.artifact_bucket.attr_arn),
                # what it was asked and answered, in the container's role: SageMaker writes it
                allow(
                    ["s3:PutObject"],
                    [
                        f"{storage.artifact_bucket.attr_arn}/{prefix}*"
                        for prefix in (names.CAPTURE_PREFIX, names.ASYNCHRONOUS_PREFIX, names.BATCH_PREFIX)
                    ],
                    because="objects come and go with requests",
                ),
                use_key(storage.data_key.attr_arn, "s3"),
                lend_key(storage.data_key.attr_arn),
                # SageMaker looks at the alarms of a deployment in the container's role
                on_alarms(["cloudwatch:DescribeAlarms"], f"{self._prefix}-*"),
            ],
        )
        self.serving_role_arn = self._serving_role.attr_arn
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        plan, smoke, move = self._add_plan_promotion(), self._add_smoke_endpoint(), self._add_move_alias()
        mark, tidy = self._add_mark_stages(), self._add_tidy_endpoint()
        self.machine = Machine(
            self,
            "Promote",
            kind="promote",
            definition=promote.definition(environment=settings.environment, resource_prefix=self._prefix),
            substitutions={
                "ledger": storage.ledger.ref,
                "plan_promotion": plan.arn,
                "smoke_endpoint": smoke.arn,
                "move_alias": move.arn,
                "mark_stages": mark.arn,
                "tidy_endpoint": tidy.arn,
            },
            statements=[
                invoke(plan.arn, smoke.arn, move.arn, mark.arn, tidy.arn),
                *self._lease(),
                *self._endpoints(),
                *self._alarms(),
                *self._scaling(),
                put_events(),
            ],
            settings=settings,
        )
        alarms = Alarms(self, "Alarms", topic_arn=notifications.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_machine(self.machine.arn)

    def _add_plan_promotion(self) -> TaskFunction:
        return self._functions.add(
            "plan_promotion",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.SERVING_ROLE_ARN: self._serving_role.attr_arn,
                variables.DATA_KEY_ARN: self._storage.data_key.attr_arn,
                variables.ARTIFACT_BUCKET: self._storage.artifact_bucket.ref,
                variables.POLICY: self._settings.policy_json,
            },
            statements=[
                *self._storage.grant_ledger("GetItem", "Query", "UpdateItem"),
                on_models(["sagemaker:DescribeModelPackage"], self._prefix, "model-package"),
            ],
        )

    def _add_smoke_endpoint(self) -> TaskFunction:
        return self._functions.add(
            "smoke_endpoint",
            statements=[
                on_models(
                    ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"], self._prefix, "endpoint"
                ),
                *self._ask_through_files(),
            ],
            timeout_seconds=SMOKE_SECONDS,
        )

    def _ask_through_files(self) -> list[Statement]:
        """An asynchronous endpoint's question and answer are files."""
        bucket, prefix = self._storage.artifact_bucket.attr_arn, names.ASYNCHRONOUS_PREFIX
        because = "objects come and go with requests"
        return [
            allow(["s3:PutObject"], [f"{bucket}/{prefix}*/questions/*"], because=because),
            allow(
                ["s3:GetObject"],
                [f"{bucket}/{prefix}*/{what}/*" for what in ("answers", "failures")],
                because=because,
            ),
            # else what is not there yet looks forbidden
            allow(["s3:ListBucket"], [bucket]),
            use_key(self._storage.data_key.attr_arn, "s3"),
        ]

    def _add_move_alias(self) -> TaskFunction:
        return self._functions.add(
            "move_alias",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=self._storage.grant_ledger("GetItem", "PutItem", "ConditionCheckItem"),
        )

    def _add_mark_stages(self) -> TaskFunction:
        return self._functions.add(
            "mark_stages",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=[
                *self._storage.grant_ledger("GetItem", "UpdateItem"),
                on_models(["sagemaker:UpdateModelPackage"], self._prefix, "model-package"),
            ],
        )

    def _add_tidy_endpoint(self) -> TaskFunction:
        return self._functions.add(
            "tidy_endpoint",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=[
                *self._storage.grant_ledger("Query"),
                on_models(["sagemaker:DescribeEndpoint"], self._prefix, "endpoint"),
                on_models(
                    ["sagemaker:DescribeEndpointConfig", "sagemaker:DeleteEndpointConfig"],
                    self._prefix,
                    "endpoint-config",
                ),
                on_models(["sagemaker:DeleteModel"], self._prefix, "model"),
                on_alarms(["cloudwatch:DeleteAlarms"], f"{self._prefix}-*"),
                allow(
                    ["cloudwatch:DescribeAlarms"],
                    ["*"],
                    because="alarms are found by what their names begin with on all of them, or on none",
                ),
            ],
        )

    def _lease(self) -> list[Statement]:
        return [
            self._storage.grant_leases("UpdateItem", "GetItem"),
            use_key(self._storage.data_key.attr_arn, "dynamodb"),
        ]

    def _endpoints(self) -> list[Statement]:
        prefix = self._prefix
        return [
            on_models(["sagemaker:CreateModel"], prefix, "model"),
            on_models(["sagemaker:CreateEndpointConfig"], prefix, "endpoint-config"),
            on_models(
                ["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"],
                prefix,
                "endpoint",
                "endpoint-config",
            ),
            on_models(["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"], prefix, "endpoint"),
            on_models(["sagemaker:AddTags"], prefix, "model", "endpoint-config", "endpoint"),
            pass_role(self._serving_role.attr_arn, "sagemaker.amazonaws.com"),
            lend_key(self._storage.data_key.attr_arn),
        ]

    def _alarms(self) -> list[Statement]:
        """Of new configs, and of step scaling; which one rings is asked by name."""
        return [
            on_alarms(
                ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory"],
                f"{self._prefix}-*",
            ),
        ]

    def _scaling(self) -> list[Statement]:
        """Application Auto Scaling acts for its caller: it changes the endpoint and makes alarms."""
        role = f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"  # noqa: E501 - one name
        return [
            allow(
                [
                    "application-autoscaling:RegisterScalableTarget",
                    "application-autoscaling:DeregisterScalableTarget",
                    "application-autoscaling:PutScalingPolicy",
                    "application-autoscaling:PutScheduledAction",
                ],
                [arn("application-autoscaling", "scalable-target/*")],
                because="scalable targets have random ids",
                conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
            ),
            allow(
                [
                    "application-autoscaling:DescribeScalableTargets",
                    "application-autoscaling:DescribeScalingPolicies",
                    "application-autoscaling:DescribeScheduledActions",
                ],
                ["*"],
                because="targets, policies and schedules are described on all of them, or on none",
            ),
            on_models(
                ["sagemaker:DescribeEndpointConfig", "sagemaker:UpdateEndpointWeightsAndCapacities"],
                self._prefix,
                "endpoint",
                "endpoint-config",
            ),
            on_alarms(
                ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"],
                "TargetTracking-endpoint/*",
            ),
            allow(
                ["iam:CreateServiceLinkedRole"],
                [role],
                conditions={
                    "StringEquals": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}
                },
            ),
        ]
