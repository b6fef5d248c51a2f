"""A rule that hands events to functions and loses none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_events as events

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.dead_letters import DeadLetters
    from stacks.constructs.functions import TaskFunction

RETRY_SECONDS: Final = 4 * 3600
"""What could not be delivered for so long goes to the dead-letter queue; a sweep is faster by then."""


def rule(
    scope: Construct,
    construct_id: str,
    *,
    description: str,
    pattern: dict[str, Any],
    targets: list[TaskFunction],
    dead_letters: DeadLetters,
) -> events.CfnRule:
    """An EventBridge rule; undeliverable events go to ``dead_letters``, which must admit the rule."""
    made = events.CfnRule(
        scope,
        construct_id,
        description=description,
        event_pattern=pattern,
        targets=[
            events.CfnRule.TargetProperty(
                id=f"Target{index}",
                arn=target.arn,
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead_letters.arn),
                retry_policy=events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=RETRY_SECONDS),
            )
            for index, target in enumerate(targets)
        ],
    )
    for target in targets:
        target.admit(construct_id, service="events.amazonaws.com", source_arn=made.attr_arn)
    return made
