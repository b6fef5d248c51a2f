"""Who is told, and by what: e-mail and Slack for people's releases, alarms for the platform team."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from slipway.contracts import environment as variables
from slipway.contracts import events
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.rule import rule
from stacks.constructs.statements import allow, arn, deny_plain_http, policy, read_secret, use_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.settings import Settings
    from stacks.storage import StorageStack


def _id_of(address: str) -> str:
    """CloudFormation's ids leave out what is no letter or digit: a.b@x and ab@x would be one."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


class NotificationsStack(cdk.Stack):
    """The topics, their subscribers, and the functions that turn the platform's events into messages."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        packages: Packages,
        storage: StorageStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self.notice_topic = self._add_notice_topic()
        self.alarm_topic = self._add_alarm_topic()
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self._dead_letters = DeadLetters(self, "DeadLetters")
        targets = [self._add_mail_notice()]
        if settings.notifications.slack_secret:
            targets.append(self._add_slack_notice(settings.notifications.slack_secret))
        made = rule(
            self,
            "PlatformEvents",
            description="What Slipway says of itself becomes messages to people",
            pattern={"source": [events.SOURCE], "detail-type": list(events.KINDS)},
            targets=targets,
            dead_letters=self._dead_letters,
        )
        self._dead_letters.admit_rules(made.attr_arn)
        alarms = Alarms(self, "Alarms", topic_arn=self.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)
        alarms.watch_notices(self.notice_topic.attr_topic_name)

    def _add_topic(
        self, construct_id: str, display_name: str, *, publishers: Sequence[str] = ()
    ) -> sns.CfnTopic:
        """A topic; ``publishers`` are services that put messages there, in this account's name alone."""
        topic = sns.CfnTopic(
            self, construct_id, display_name=display_name, kms_master_key_id=self._storage.data_key.attr_arn
        )
        sns.CfnTopicPolicy(
            self,
            f"{construct_id}Policy",
            topics=[topic.ref],
            policy_document=policy(
                [
                    deny_plain_http([topic.ref], "sns:Publish"),
                    *(self._admit(service, topic) for service in publishers),
                ],
            ),
        )
        return topic

    def _admit(self, service: str, topic: sns.CfnTopic) -> dict[str, Any]:
        # A topic with a policy of its own has lost SNS's default one, which let the account's alarms in.
        return {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": topic.ref,
            "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
        }

    def _add_notice_topic(self) -> sns.CfnTopic:
        topic = self._add_topic("Notices", f"Slipway {self._settings.environment}")
        for address in self._settings.addresses:
            # Each message names its one recipient, so that nobody gets another's approval link.
            sns.CfnSubscription(
                self,
                f"To{_id_of(address)}",
                topic_arn=topic.ref,
                protocol="email",
                endpoint=address,
                filter_policy={"recipient": [address]},
            )
        return topic

    def _add_alarm_topic(self) -> sns.CfnTopic:
        topic = self._add_topic(
            "AlarmTopic",
            f"Slipway {self._settings.environment} alarms",
            publishers=["cloudwatch.amazonaws.com"],
        )
        for address in self._settings.notifications.platform_team:
            sns.CfnSubscription(
                self, f"Alarms{_id_of(address)}", topic_arn=topic.ref, protocol="email", endpoint=address
            )
        return topic

    def _add_mail_notice(self) -> TaskFunction:
        return self._functions.add(
            "mail_notice",
            environment={
                variables.NOTICE_TOPIC_ARN: self.notice_topic.ref,
                variables.POLICY: self._settings.policy_json,
            },
            statements=[
                allow(["sns:Publish"], [self.notice_topic.ref]),
                use_key(self._storage.data_key.attr_arn, "sns"),
            ],
            dead_letters_arn=self._dead_letters.arn,
        )

    def _add_slack_notice(self, secret: str) -> TaskFunction:
        buttons = self._settings.notifications.slack_signing_secret
        return self._functions.add(
            "slack_notice",
            environment={
                variables.SLACK_SECRET_ARN: arn("secretsmanager", f"secret:{secret}"),
                **({variables.SLACK_BUTTONS: "1"} if buttons else {}),
            },
            statements=[read_secret(secret)],
            dead_letters_arn=self._dead_letters.arn,
        )
