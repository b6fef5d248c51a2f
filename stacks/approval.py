"""The approval page: an HTTP API of two routes, one that shows and one that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway

from slipway.contracts import environment as variables
from stacks.constructs.alarms import Alarms
from stacks.constructs.findings import acknowledge
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.http_api import route, stage
from stacks.constructs.machine import machine_arn
from stacks.constructs.statements import (
    Statement,
    allow,
    arn,
    on_models,
    put_events,
    read_objects,
    read_secret,
    use_key,
)

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack

_PATH = "/approvals/{release_id}"


class ApprovalStack(cdk.Stack):
    """The signed link is the authorization; GET changes nothing, POST decides once."""

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
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self.api = apigateway.CfnApi(
            self, "Api", name=f"slipway-{settings.environment}-approvals", protocol_type="HTTP"
        )
        self._add_route("GET", self._add_show_approval())
        self._add_route("POST", self._add_decide_approval())
        if settings.notifications.slack_signing_secret:
            self._add_slack_route(settings.notifications.slack_signing_secret)
        self._add_stage()
        alarms = Alarms(self, "Alarms", topic_arn=notifications.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self.api.attr_api_endpoint

    @property
    def _environment(self) -> dict[str, str]:
        return {
            variables.LEDGER_TABLE: self._storage.ledger.ref,
            variables.APPROVAL_KEY_ID: self._storage.approval_key.ref,
            variables.POLICY: self._settings.policy_json,  # a link opens only for who may approve today
        }

    @property
    def _read(self) -> list[Statement]:
        """Verify a link, and read what stands behind it."""
        return [
            allow(["kms:VerifyMac"], [self._storage.approval_key.attr_arn]),
            *read_objects(self._storage.artifact_bucket.attr_arn),
            use_key(self._storage.data_key.attr_arn, "s3"),
        ]

    def _add_show_approval(self) -> TaskFunction:
        return self._functions.add(
            "show_approval",
            environment=self._environment,
            statements=[*self._read, *self._storage.grant_ledger("GetItem")],
        )

    def _add_decide_approval(self) -> TaskFunction:
        return self._functions.add(
            "decide_approval",
            environment=self._environment,
            statements=[
                *self._read,  # a form with a mistake is shown again, with the evidence beside it
                *self._decide,
            ],
        )

    @property
    def _decide(self) -> list[Statement]:
        """Record a decision, and hand it to all who wait for it."""
        return [
            *self._storage.grant_ledger("GetItem", "UpdateItem"),
            allow(
                ["states:SendTaskSuccess"], [machine_arn(self._settings, one) for one in ("release", "trial")]
            ),
            on_models(
                ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
                self._settings.policy["resource_prefix"],
                "model-package",
            ),
            put_events(),
        ]

    def _add_slack_route(self, secret: str) -> None:
        function = self._functions.add(
            "decide_in_slack",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.POLICY: self._settings.policy_json,
                variables.SLACK_SIGNING_SECRET_ARN: arn("secretsmanager", f"secret:{secret}"),
                variables.SLACK_PEOPLE: self._settings.slack_people_json,
            },
            statements=[
                *read_objects(self._storage.artifact_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "s3"),
                *self._decide,
                read_secret(secret),
            ],
        )
        made = route(self, self.api, "POST", "/slack/decisions", function, authorization="NONE", name="Slack")
        acknowledge(made, "APIG4", "Slack's signature is the authorization; the function verifies it")

    def _add_route(self, method: str, function: TaskFunction) -> None:
        made = route(self, self.api, method, _PATH, function, authorization="NONE")
        acknowledge(made, "APIG4", "the signed link is the authorization; an approver needs no account here")

    def _add_stage(self) -> None:
        stage(
            self,
            self.api,
            log_name=f"slipway-{self._settings.environment}-approvals",
            log_days=self._settings.retention.log_days,
            requests_per_second=self._settings.approval_api.requests_per_second,
            burst=self._settings.approval_api.burst,
        )
