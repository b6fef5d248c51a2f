"""A state machine with its role and its log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from stacks.constructs.role import role
from stacks.constructs.statements import Statement, allow, arn, trust_in_account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.settings import Settings

_LOG_DELIVERY = allow(
    [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ],
    ["*"],
    because="log deliveries are set up for the account: they know no narrower resource",
)
_TRACING = allow(
    [
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    ],
    ["*"],
    because="X-Ray takes segments for the account: it knows no narrower resource",
)


def machine_name(settings: Settings, kind: str) -> str:
    """
    The name of a state machine.

    It is fixed, where other names are CloudFormation's, because functions
    that the machine calls must be allowed to answer it before it exists.
    """
    return f"slipway-{settings.environment}-{kind}"


def machine_arn(settings: Settings, kind: str) -> str:
    """The ARN of a state machine that may not exist yet."""
    return arn("states", f"stateMachine:{machine_name(settings, kind)}")


def on_executions(actions: list[str], settings: Settings, *kinds: str) -> Statement:
    """Do something with the executions of these machines."""
    return allow(
        actions,
        [arn("states", f"execution:{machine_name(settings, kind)}:*") for kind in kinds],
        because="executions are named for releases",
    )


class Machine(Construct):
    """
    A Standard state machine.

    Its definition is plain ASL with ``${name}`` for what only CloudFormation
    knows; ``substitutions`` gives each of these a value.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        kind: str,
        definition: Mapping[str, Any],
        substitutions: Mapping[str, str],
        statements: list[Statement],
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        name = machine_name(settings, kind)
        # Groups of this prefix need no resource policy of their own, of which a region has only ten.
        log_group = logs.CfnLogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention_in_days=settings.retention.log_days,
        )
        self.role = role(
            self,
            "Role",
            trusts=trust_in_account("states.amazonaws.com"),
            description=f"Slipway: what the {kind} workflow may do",
            statements=[*statements, _LOG_DELIVERY, _TRACING],
        )
        machine = stepfunctions.CfnStateMachine
        self.machine = machine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            definition_string=json.dumps(definition, separators=(",", ":")),
            definition_substitutions=dict(substitutions),
            role_arn=self.role.attr_arn,
            tracing_configuration=machine.TracingConfigurationProperty(enabled=True),
            logging_configuration=machine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,  # the input of a waiting task holds its token
                destinations=[
                    machine.LogDestinationProperty(
                        cloud_watch_logs_log_group=machine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.attr_arn
                        ),
                    ),
                ],
            ),
        )

    @property
    def arn(self) -> str:
        return self.machine.attr_arn
