"""What watches models in service: their dashboards and alarms, made and removed by events alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from slipway.contracts import environment as variables
from slipway.contracts import events, names
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.rule import rule
from stacks.constructs.statements import allow, arn, on_models, put_events
from stacks.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_cdk import aws_events
    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack

WATCH_SECONDS: Final = 60
_LATER: Final = "they are named for models, which come later"


class WatchingStack(cdk.Stack):
    """It stands beside the others and needs none of them: no step waits for it, and none knows of it."""

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
        self._alarm_topic_arn = notifications.alarm_topic.ref
        self._prefix = settings.policy["resource_prefix"]
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self._dead_letters = DeadLetters(self, "DeadLetters")
        rules = [*self._add_endpoint_rules(self._add_watch_endpoint()), self._add_alarm_rule()]
        if settings.telemetry.otlp_endpoint:
            telemetry = Telemetry(
                self,
                "Telemetry",
                settings=settings,
                storage=storage,
                functions=self._functions,
                dead_letters=self._dead_letters,
            )
            rules.append(telemetry.endings)
        self._dead_letters.admit_rules(*(one.attr_arn for one in rules))
        alarms = Alarms(self, "Alarms", topic_arn=self._alarm_topic_arn, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)

    def _add_watch_endpoint(self) -> TaskFunction:
        prefix = self._prefix
        # dashboards belong to an account, not to a region of it
        dashboards = f"arn:{cdk.Aws.PARTITION}:cloudwatch::{cdk.Aws.ACCOUNT_ID}:dashboard/{prefix}-*"
        standing = arn("cloudwatch", f"alarm:{names.STANDING_ALARMS}/{prefix}-*")
        return self._functions.add(
            "watch_endpoint",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.ALARM_TOPIC_ARN: self._alarm_topic_arn,
                variables.RUNBOOK: self._settings.notifications.runbook_url,
                variables.POLICY: self._settings.policy_json,
                variables.PRICES: self._settings.prices_json,
            },
            statements=[
                *self._storage.grant_ledger("GetItem", "Query"),
                on_models(["sagemaker:DescribeEndpoint"], prefix, "endpoint"),
                on_models(["sagemaker:DescribeEndpointConfig"], prefix, "endpoint-config"),
                on_models(["sagemaker:DescribeModel"], prefix, "model"),
                allow(
                    ["cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"], [dashboards], because=_LATER
                ),
                allow(["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"], [standing], because=_LATER),
                allow(
                    ["cloudwatch:DescribeAlarms"],
                    [arn("cloudwatch", "alarm:*")],
                    because="CloudWatch finds alarms by the beginning of their names among all of them",
                ),
            ],
            timeout_seconds=WATCH_SECONDS,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _add_endpoint_rules(self, watch: TaskFunction) -> list[aws_events.CfnRule]:
        return [
            rule(
                self,
                "InService",
                description="A version has become champion: its endpoint is watched, and the moment marked",
                pattern={
                    "source": [events.SOURCE],
                    "detail-type": [events.ENDPOINT_IN_SERVICE],
                    "detail": {"environment": [self._settings.environment]},
                },
                targets=[watch],
                dead_letters=self._dead_letters,
            ),
            rule(
                self,
                "Changes",
                description="An endpoint serves something else, or is deleted: dashboard and alarms follow",
                pattern={
                    "source": ["aws.sagemaker"],
                    "detail-type": ["SageMaker Endpoint State Change"],
                    "detail": {
                        "EndpointName": [{"prefix": f"{self._prefix}-"}],
                        # also of what somebody did by hand, and of versions that stand beside the champion
                        "EndpointStatus": ["IN_SERVICE", "DELETING", "DELETED"],
                    },
                },
                targets=[watch],
                dead_letters=self._dead_letters,
            ),
        ]

    def _add_alarm_rule(self) -> aws_events.CfnRule:
        tell = self._functions.add(
            "tell_alarm", statements=[put_events()], dead_letters_arn=self._dead_letters.arn
        )
        return rule(
            self,
            "AlarmChanges",
            description="An alarm on a model rings or is over: its people are told",
            pattern={
                "source": ["aws.cloudwatch"],
                "detail-type": ["CloudWatch Alarm State Change"],
                "detail": {"alarmName": [{"prefix": names.standing_alarm_prefix(f"{self._prefix}-")[:-1]}]},
            },
            targets=[tell],
            dead_letters=self._dead_letters,
        )
