"""A queue for what could not be delivered."""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.statements import deny_plain_http, policy

RETENTION_SECONDS: Final = 14 * 24 * 3600
"""SQS's longest: time to notice, to repair, and to send again."""


class DeadLetters(Construct):
    """The dead-letter queue of one stack's rules, schedules and asynchronous functions."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.CfnQueue(
            self, "Queue", message_retention_period=RETENTION_SECONDS, sqs_managed_sse_enabled=True
        )

    @property
    def arn(self) -> str:
        return self.queue.attr_arn

    @property
    def name(self) -> str:
        return self.queue.attr_queue_name

    def admit_rules(self, *rule_arns: str) -> None:
        """Let EventBridge put here what these rules could not deliver; called once, also without rules."""
        undelivered = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
        }
        sqs.CfnQueuePolicy(
            self,
            "Policy",
            queues=[self.queue.ref],
            policy_document=policy(
                [deny_plain_http([self.arn], "sqs:*"), *([undelivered] if rule_arns else [])]
            ),
        )
