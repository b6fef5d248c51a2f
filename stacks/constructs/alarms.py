"""Alarms that tell the platform team, with the page that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.constructs.functions import Functions
    from stacks.settings import Settings

PERIOD_SECONDS: Final = 300
MAX_METRICS: Final = 9
"""An alarm takes ten metrics; the sum is one of them."""

Series = tuple[str, str, dict[str, str]]
"""Namespace, metric name, dimensions."""


class Alarms(Construct):
    """A stack's alarms: one for each kind of trouble, over the sum of its metrics, so that they stay few."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._topic_arn = topic_arn
        self._runbook = settings.notifications.runbook_url

    def add(self, construct_id: str, *, what: str, heading: str, series: Sequence[Series]) -> None:
        """
        An alarm that rings when the sum of ``series`` over five minutes is above zero.

        Args:
            construct_id: Unique in the stack.
            what: What has happened, for the mail.
            heading: The runbook's heading that says what to do.
            series: The metrics, at most nine.
        """
        if len(series) > MAX_METRICS:
            raise ValueError(f"alarm {construct_id} has {len(series)} metrics; an alarm takes {MAX_METRICS}")
        query = cloudwatch.CfnAlarm.MetricDataQueryProperty
        metrics = [
            query(
                id=f"m{index}",
                return_data=False,
                metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                    metric=cloudwatch.CfnAlarm.MetricProperty(
                        namespace=namespace,
                        metric_name=name,
                        dimensions=[
                            cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value)
                            for key, value in dimensions.items()
                        ],
                    ),
                    period=PERIOD_SECONDS,
                    stat="Sum",
                ),
            )
            for index, (namespace, name, dimensions) in enumerate(series)
        ]
        total = query(id="total", expression="SUM(METRICS())", label=what, return_data=True)
        cloudwatch.CfnAlarm(
            self,
            construct_id,
            alarm_description=f"{what} What to do: {self._runbook}#{heading}",
            metrics=[total, *metrics],
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic_arn],
        )

    def watch_functions(self, functions: Functions) -> None:
        """Ring when any function of the stack raises."""
        self.add(
            "FunctionErrors",
            what="A function raised an error.",
            heading="a-function-raised-an-error",
            series=[("AWS/Lambda", "Errors", {"FunctionName": member.name}) for member in functions.members],
        )

    def watch_dead_letters(self, queue_name: str) -> None:
        """Ring when something could not be delivered."""
        self.add(
            "DeadLetters",
            what="An event could not be delivered.",
            heading="an-event-could-not-be-delivered",
            series=[("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue_name})],
        )

    def watch_machine(self, machine_arn: str) -> None:
        """Ring when an execution fails or times out; one that somebody stopped is no trouble."""
        self.add(
            "FailedExecutions",
            what="A workflow failed.",
            heading="a-workflow-failed",
            series=[
                ("AWS/States", name, {"StateMachineArn": machine_arn})
                for name in ("ExecutionsFailed", "ExecutionsTimedOut")
            ],
        )
