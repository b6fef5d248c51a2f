"""What keeps the ledger true: the endings of workflows are recorded, and what events lost is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs import Construct

from slipway.contracts import environment as variables
from stacks.constructs.machine import machine_arn, on_executions
from stacks.constructs.rule import rule
from stacks.constructs.schedules import Schedules
from stacks.constructs.statements import (
    Statement,
    allow,
    invoke,
    on_images,
    on_models,
    put_events,
    read_objects,
    use_key,
)

if TYPE_CHECKING:
    from stacks.constructs.dead_letters import DeadLetters
    from stacks.constructs.functions import Functions, TaskFunction
    from stacks.settings import Settings
    from stacks.storage import StorageStack

RECORD_SECONDS: Final = 60
SWEEP_SECONDS: Final = 300
IDLE_MINUTES: Final = 60
"""Idle endpoints are counted in days: once an hour is often enough."""


class Upkeep(Construct):
    """
    Two rules with their functions, and four sweeps on schedules.

    ``endings`` and ``package_changes`` are the rules, which the dead-letter queue must admit;
    ``sweep_executions`` is the sweep that operators may ask for.
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
        plan_function_arn: str,
        release_machine_arn: str,
        promote_machine_arn: str,
        approval_url: str,
        notice_topic_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._storage = storage
        self._functions = functions
        self._dead_letters = dead_letters
        self._asking = {
            variables.LEDGER_TABLE: storage.ledger.ref,
            variables.POLICY: settings.policy_json,
            variables.APPROVAL_KEY_ID: storage.approval_key.ref,
            variables.APPROVAL_URL: approval_url,
            variables.NOTICE_TOPIC_ARN: notice_topic_arn,
        }
        self._outcomes = {
            variables.LEDGER_TABLE: storage.ledger.ref,
            variables.PROMOTE_MACHINE_ARN: promote_machine_arn,
            variables.POLICY: settings.policy_json,
        }
        self.endings = rule(
            self,
            "WorkflowEndings",
            description="How a workflow ended is recorded",
            pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {
                    # RUNNING: a redrive takes a release up again that had been recorded as failed.
                    "status": ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
                    "stateMachineArn": [release_machine_arn, promote_machine_arn],
                },
            },
            targets=[self._add_record_outcome()],
            dead_letters=dead_letters,
        )
        self.package_changes = rule(
            self,
            "PackageChanges",
            description="What people change in SageMaker's model registry is taken in",
            pattern={
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Model Package State Change"],
                # every update makes an event, our own too: the function tells them apart by what they say
                "detail": {"ModelPackageGroupName": [{"prefix": f"{settings.policy['resource_prefix']}-"}]},
            },
            targets=[self._add_take_in_package()],
            dead_letters=dead_letters,
        )
        self.sweep_executions = self._add_sweep_executions()
        Schedules(
            self,
            "Sweeps",
            functions=[
                self._add_sweep_pushes(plan_function_arn),
                self.sweep_executions,
                self._add_sweep_approvals(),
            ],
            minutes=settings.sweep_minutes,
            dead_letters=dead_letters,
        )
        Schedules(
            self,
            "Hourly",
            functions=[self._add_sweep_idle(promote_machine_arn)],
            # on a laptop whatever goes by the clock can be seen within a minute
            minutes=IDLE_MINUTES if settings.retains else settings.sweep_minutes,
            dead_letters=dead_letters,
        )

    @property
    def _read_executions(self) -> Statement:
        actions = ["states:DescribeExecution", "states:GetExecutionHistory"]
        return on_executions(actions, self._settings, "release", "promote")

    def _add_record_outcome(self) -> TaskFunction:
        return self._functions.add(
            "record_outcome",
            environment=self._outcomes,
            statements=[
                *self._storage.grant_ledger("GetItem", "PutItem", "UpdateItem"),
                self._storage.grant_steps("DeleteItem"),
                self._read_executions,
                put_events(),
            ],
            timeout_seconds=RECORD_SECONDS,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _add_take_in_package(self) -> TaskFunction:
        return self._functions.add(
            "take_in_package",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=self._decide(),
            timeout_seconds=RECORD_SECONDS,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _decide(self, *operations: str) -> list[Statement]:
        """Read packages, take what was decided there, and carry decisions to all who wait for them."""
        return [
            *self._storage.grant_ledger("GetItem", "UpdateItem", *operations),
            allow(
                ["states:SendTaskSuccess"], [machine_arn(self._settings, one) for one in ("release", "trial")]
            ),
            on_models(
                ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
                self._settings.policy["resource_prefix"],
                "model-package",
            ),
            put_events(),
        ]

    def _add_sweep(
        self, module: str, *, environment: dict[str, str], statements: list[Statement]
    ) -> TaskFunction:
        return self._functions.add(
            module,
            environment=environment,
            statements=statements,
            timeout_seconds=SWEEP_SECONDS,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _add_sweep_pushes(self, plan_function_arn: str) -> TaskFunction:
        """Pushed, but never answered: asks plan_release again."""
        return self._add_sweep(
            "sweep_pushes",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.POLICY: self._settings.policy_json,
                variables.PLAN_FUNCTION_ARN: plan_function_arn,
            },
            statements=[
                *self._storage.grant_ledger("Query"),
                allow(["ecr:DescribeRepositories"], ["*"], because="repositories are listed all at once"),
                on_images(["ecr:DescribeImages"], self._settings.policy["repository_prefix"]),
                invoke(plan_function_arn),
            ],
        )

    def _add_sweep_executions(self) -> TaskFunction:
        """Ended, but still open in the ledger, or with a lease: records it."""
        return self._add_sweep(
            "sweep_executions",
            environment=self._outcomes,
            statements=[
                *self._storage.grant_ledger("GetItem", "Query", "PutItem", "UpdateItem"),
                self._storage.grant_steps("DeleteItem"),
                self._read_executions,
                allow(["states:ListExecutions"], [machine_arn(self._settings, "promote")]),
                put_events(),
            ],
        )

    def _add_sweep_approvals(self) -> TaskFunction:
        """Decided, but not delivered or not heard of, or expired: tells the workflow; pending: asks again."""
        return self._add_sweep(
            "sweep_approvals",
            environment=self._asking,
            statements=[
                *self._decide("Query"),
                allow(["kms:GenerateMac"], [self._storage.approval_key.attr_arn]),
                allow(["sns:Publish"], [self._asking[variables.NOTICE_TOPIC_ARN]]),
                *read_objects(self._storage.artifact_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "sns", "s3"),
            ],
        )

    def _add_sweep_idle(self, promote_machine_arn: str) -> TaskFunction:
        """Called by nobody for days: tells its people, and stops it where the settings say so."""
        prefix = self._settings.policy["resource_prefix"]
        return self._add_sweep(
            "sweep_idle",
            environment=self._outcomes
            | {variables.IDLE: self._settings.idle_json, variables.PRICES: self._settings.prices_json},
            statements=[
                *self._storage.grant_ledger("GetItem"),
                self._storage.grant_leases("PutItem"),
                allow(
                    ["sagemaker:ListEndpoints"],
                    ["*"],
                    because="endpoints are listed all at once, or not at all",
                ),
                on_models(
                    ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"],
                    prefix,
                    "endpoint",
                    "endpoint-config",
                ),
                allow(["cloudwatch:GetMetricData"], ["*"], because="metrics have no ARN"),
                allow(["states:StartExecution"], [promote_machine_arn]),
                put_events(),
            ],
        )
