"""Alarms that tell the platform team, with the page that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

if TYPE_CHECKING:
    from stacks.constructs.functions import Functions
    from stacks.settings import Settings

PERIOD_SECONDS: Final = 300


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
