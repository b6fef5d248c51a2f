"""Alarms that tell the platform team, with the page that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

if TYPE_CHECKING:
    from stacks.constructs.functions import Functions
    from stacks.settings import Settings

PERIOD_SECONDS: Final = 300
UNHEARD_SECONDS: Final = 3600
"""A message that is published and delivered in two periods rings too: in long ones that is rare."""


class Alarms(Construct):
    """
    A stack's alarms: each rings when its metric's sum over five minutes is above zero.

    One for each function and queue: an alarm over the sum of many metrics costs
    as much as one for each of them, and does not say which it was.
    """

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._topic_arn = topic_arn
        self._runbook = settings.notifications.runbook_url

    def add(
        self,
        construct_id: str,
        *,
        what: str,
        heading: str,
        metric: tuple[str, str],
        dimension: tuple[str, str],
    ) -> None:
        """
        One alarm.

        Args:
            construct_id: Unique in the stack.
            what: What has happened, for the mail.
            heading: The runbook's heading that says what to do.
            metric: Its namespace and name.
            dimension: Its only dimension's name and value.
        """
        namespace, name = metric
        cloudwatch.CfnAlarm(
            self,
            construct_id,
            alarm_description=f"{what} What to do: {self._runbook}#{heading}",
            namespace=namespace,
            metric_name=name,
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name=dimension[0], value=dimension[1])],
            statistic="Sum",
            period=PERIOD_SECONDS,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic_arn],
        )

    def _add_unheard(self, topic_name: str) -> None:
        """
        Ring when fewer messages were delivered than published.

        Each notice names one recipient, so that one subscription takes it and all others
        filter it out: filtered ones say nothing, but published less delivered must be zero.
        """
        alarm = cloudwatch.CfnAlarm
        dimension = alarm.DimensionProperty(name="TopicName", value=topic_name)

        def count(query_id: str, name: str) -> cloudwatch.CfnAlarm.MetricDataQueryProperty:
            metric = alarm.MetricProperty(namespace="AWS/SNS", metric_name=name, dimensions=[dimension])
            stat = alarm.MetricStatProperty(metric=metric, period=UNHEARD_SECONDS, stat="Sum")
            return alarm.MetricDataQueryProperty(id=query_id, metric_stat=stat, return_data=False)

        alarm(
            self,
            "NoticesUnheard",
            alarm_description="A notice was published and delivered to nobody. "
            f"What to do: {self._runbook}#a-notice-reached-nobody",
            metrics=[
                count("published", "NumberOfMessagesPublished"),
                count("delivered", "NumberOfNotificationsDelivered"),
                alarm.MetricDataQueryProperty(
                    id="unheard", expression="published - FILL(delivered, 0)", return_data=True
                ),
            ],
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic_arn],
        )

    def watch_notices(self, topic_name: str) -> None:
        """Ring when a notice has no recipient, can't be delivered, or matches no subscription."""
        self.add(
            "NoticesFailed",
            what="A notice could not be delivered.",
            heading="a-notice-reached-nobody",
            metric=("AWS/SNS", "NumberOfNotificationsFailed"),
            dimension=("TopicName", topic_name),
        )
        self.add(
            "NoticesWithoutRecipient",
            what="A notice named no recipient.",
            heading="a-notice-reached-nobody",
            metric=("AWS/SNS", "NumberOfNotificationsFilteredOut-NoMessageAttributes"),
            dimension=("TopicName", topic_name),
        )
        self._add_unheard(topic_name)

    def watch_functions(self, functions: Functions) -> None:
        """Ring when a function of the stack raises."""
        for member in functions.members:
            self.add(
                f"{member.node.id}Errors",
                what=f"Function {member.module} raised an error.",
                heading="a-function-raised-an-error",
                metric=("AWS/Lambda", "Errors"),
                dimension=("FunctionName", member.name),
            )

    def watch_dead_letters(self, queue_name: str) -> None:
        """Ring when something could not be delivered."""
        self.add(
            "DeadLetters",
            what="An event could not be delivered.",
            heading="an-event-could-not-be-delivered",
            metric=("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
            dimension=("QueueName", queue_name),
        )

    def watch_machine(self, machine_arn: str) -> None:
        """Ring when an execution fails or times out; one that somebody stopped is no trouble."""
        for name in ("ExecutionsFailed", "ExecutionsTimedOut"):
            self.add(
                name,
                what="A workflow failed." if name == "ExecutionsFailed" else "A workflow ran out of time.",
                heading="a-workflow-failed",
                metric=("AWS/States", name),
                dimension=("StateMachineArn", machine_arn),
            )
