"""Functions that run by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from stacks.constructs.role import role
from stacks.constructs.statements import allow, invoke, trust_in_account

if TYPE_CHECKING:
    from stacks.constructs.dead_letters import DeadLetters
    from stacks.constructs.functions import TaskFunction


class Schedules(Construct):
    """Calls each of ``functions`` every few minutes; what could not be called goes to ``dead_letters``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: list[TaskFunction],
        minutes: int,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, construct_id)
        caller = role(
            self,
            "Role",
            trusts=trust_in_account("scheduler.amazonaws.com"),
            description="Slipway: calls the sweeps",
            statements=[
                invoke(*(function.arn for function in functions)),
                allow(["sqs:SendMessage"], [dead_letters.arn]),
            ],
        )
        schedule = scheduler.CfnSchedule
        for function in functions:
            schedule(
                self,
                function.node.id,
                description=f"Slipway: {function.node.id}",
                schedule_expression=f"rate({minutes} minute{'s' if minutes > 1 else ''})",
                # Sweeps need not start together.
                flexible_time_window=schedule.FlexibleTimeWindowProperty(
                    mode="FLEXIBLE", maximum_window_in_minutes=1
                ),
                target=schedule.TargetProperty(
                    arn=function.arn,
                    role_arn=caller.attr_arn,
                    dead_letter_config=schedule.DeadLetterConfigProperty(arn=dead_letters.arn),
                    # The next run does all that a lost one would have done.
                    retry_policy=schedule.RetryPolicyProperty(
                        maximum_retry_attempts=2, maximum_event_age_in_seconds=300
                    ),
                ),
            )
