"""What hands the platform's own spans and metrics to an OpenTelemetry collector, where one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs import Construct

from slipway.contracts import environment as variables
from stacks.constructs.machine import machine_arn, on_executions
from stacks.constructs.rule import rule
from stacks.constructs.schedules import Schedules
from stacks.constructs.statements import Statement, allow, arn, on_models

if TYPE_CHECKING:
    from stacks.constructs.dead_letters import DeadLetters
    from stacks.constructs.functions import Functions, TaskFunction
    from stacks.settings import Settings
    from stacks.storage import StorageStack

SEND_SECONDS: Final = 120


class Telemetry(Construct):
    """
    Two functions: one hears of ended executions, one runs by the clock.

    ``endings`` is the rule, which the dead-letter queue must admit.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        functions: Functions,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._storage = settings, storage
        self._functions, self._dead_letters = functions, dead_letters
        secret = settings.telemetry.headers_secret
        # A secret's ARN ends in six characters of its own; GetSecretValue takes it without them.
        self._secret_arn = arn("secretsmanager", f"secret:{secret}") if secret else ""
        self.endings = rule(
            self,
            "Endings",
            description="A workflow has ended: its trace goes to the collector",
            pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {
                    "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
                    "stateMachineArn": [machine_arn(settings, kind) for kind in ("release", "promote")],
                },
            },
            targets=[self._add_export_telemetry()],
            dead_letters=dead_letters,
        )
        if settings.telemetry.metrics_minutes:
            Schedules(
                self,
                "Bridge",
                functions=[self._add_bridge_metrics()],
                minutes=settings.telemetry.metrics_minutes,
                dead_letters=dead_letters,
            )

    def _add(self, module: str, environment: dict[str, str], statements: list[Statement]) -> TaskFunction:
        if self._secret_arn:
            statements.append(
                allow(
                    ["secretsmanager:GetSecretValue"],
                    [f"{self._secret_arn}-??????"],
                    because="Secrets Manager ends a secret's ARN with characters of its own",
                )
            )
        return self._functions.add(
            module,
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.OTLP_ENDPOINT: self._settings.telemetry.otlp_endpoint,
                variables.OTLP_HEADERS_SECRET_ARN: self._secret_arn,
                **environment,
            },
            statements=statements,
            timeout_seconds=SEND_SECONDS,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _add_export_telemetry(self) -> TaskFunction:
        return self._add(
            "export_telemetry",
            {variables.PROMOTE_MACHINE_ARN: machine_arn(self._settings, "promote")},
            [
                *self._storage.grant_ledger("GetItem"),
                on_executions(
                    ["states:DescribeExecution", "states:GetExecutionHistory"],
                    self._settings,
                    "release",
                    "promote",
                ),
            ],
        )

    def _add_bridge_metrics(self) -> TaskFunction:
        prefix = self._settings.policy["resource_prefix"]
        return self._add(
            "bridge_metrics",
            {
                variables.POLICY: self._settings.policy_json,
                variables.METRICS_MINUTES: str(self._settings.telemetry.metrics_minutes),
            },
            [
                *self._storage.grant_ledger("GetItem", "Query"),
                on_models(["sagemaker:DescribeEndpoint"], prefix, "endpoint"),
                on_models(["sagemaker:DescribeEndpointConfig"], prefix, "endpoint-config"),
                on_models(["sagemaker:DescribeModel"], prefix, "model"),
                allow(
                    ["sagemaker:ListEndpoints", "cloudwatch:GetMetricData"],
                    ["*"],
                    because="endpoints are listed all at once, and metrics have no ARN",
                ),
            ],
        )
