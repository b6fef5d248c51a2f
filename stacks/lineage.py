"""What writes the ledger's lineage: one function behind rules for all kinds of events, and its sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from slipway.contracts import environment as variables
from slipway.contracts.events import KINDS, SOURCE
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.machine import machine_arn, on_executions
from stacks.constructs.rule import rule
from stacks.constructs.schedules import Schedules
from stacks.constructs.statements import (
    Statement,
    allow,
    arn,
    on_models,
    read_objects,
    read_with_key,
)

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack

RECORD_SECONDS: Final = 60
SWEEP_SECONDS: Final = 600


class LineageStack(cdk.Stack):
    """It stands beside the others and needs none of them: no step waits for it, and none knows of it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        packages: Packages,
        storage: StorageStack,
        notifications: NotificationsStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self._prefix = settings.policy["resource_prefix"]
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self._dead_letters = DeadLetters(self, "DeadLetters")
        self._add_rules(self._add("record_lineage", RECORD_SECONDS, []))
        sweep = self._add("sweep_lineage", SWEEP_SECONDS, self._listings())
        Schedules(
            self,
            "Sweeps",
            functions=[sweep],
            minutes=settings.sweep_minutes,
            dead_letters=self._dead_letters,
        )
        alarms = Alarms(self, "Alarms", topic_arn=notifications.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)

    def _add(self, module: str, timeout_seconds: int, more: list[Statement]) -> TaskFunction:
        return self._functions.add(
            module,
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.DATA_BUCKET: self._storage.data_bucket.ref,
                variables.PROMOTE_MACHINE_ARN: machine_arn(self._settings, "promote"),
                variables.POLICY: self._settings.policy_json,
                variables.PRICES: self._settings.prices_json,
            },
            statements=[*self._graph(), *self._reads(), *more],
            timeout_seconds=timeout_seconds,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _graph(self) -> list[Statement]:
        """All of the ledger is read; nodes are written by transactions that check their inputs."""
        return [
            *self._storage.grant_ledger("GetItem", "BatchGetItem", "Query"),
            self._storage.grant_lineage("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
        ]

    def _reads(self) -> list[Statement]:
        prefix = self._prefix
        return [
            on_executions(["states:DescribeExecution"], self._settings, "release", "promote"),
            allow(
                ["sagemaker:DescribeTrainingJob", "sagemaker:ListTags"],
                [arn("sagemaker", "training-job/*")],
                because="jobs that were started outside of the platform, under any name, may bear its tag",
            ),
            on_models(["sagemaker:DescribeProcessingJob", "sagemaker:ListTags"], prefix, "processing-job"),
            on_models(["sagemaker:DescribeEndpoint"], prefix, "endpoint"),
            on_models(["sagemaker:DescribeEndpointConfig"], prefix, "endpoint-config"),
            on_models(["sagemaker:DescribeModel"], prefix, "model"),
            on_models(["sagemaker:DescribeModelPackage"], prefix, "model-package"),
            allow(
                ["logs:DescribeLogStreams", "logs:GetLogEvents"],
                [
                    arn("logs", f"log-group:/aws/sagemaker/{kind}{streams}")
                    for kind in ("TrainingJobs", "ProcessingJobs")
                    for streams in ("", ":*")
                ],
                because="each job writes streams of its own",
            ),
            *read_objects(self._storage.data_bucket.attr_arn),
            *read_objects(self._storage.artifact_bucket.attr_arn),
            read_with_key(self._storage.data_key.attr_arn, "s3"),
        ]

    def _listings(self) -> list[Statement]:
        return [
            allow(
                ["sagemaker:ListTrainingJobs", "sagemaker:ListProcessingJobs", "sagemaker:ListEndpoints"],
                ["*"],
                because="SageMaker lists all of an account at once",
            ),
            allow(["states:ListExecutions"], [machine_arn(self._settings, "promote")]),
        ]

    def _add_rules(self, record: TaskFunction) -> None:
        patterns: dict[str, tuple[str, dict[str, Any]]] = {
            "Workflows": (
                "How far a release or a promotion has got",
                {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {
                        "stateMachineArn": [
                            machine_arn(self._settings, kind) for kind in ("release", "promote")
                        ]
                    },
                },
            ),
            # Others' training jobs as well: only their tags, which no event tells, say whether they are ours.
            "TrainingJobs": (
                "Training jobs change",
                {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"]},
            ),
            "EvaluationJobs": self._sagemaker(
                "Evaluation jobs change", ["Processing Job State Change"], "ProcessingJobName"
            ),
            "ModelPackages": self._sagemaker(
                "Model packages change", ["Model Package State Change"], "ModelPackageGroupName"
            ),
            "Endpoints": self._sagemaker(
                "Endpoints change",
                ["Endpoint State Change", "Endpoint Deployment State Change"],
                "EndpointName",
            ),
            "Releases": (
                "The platform's own events",
                {
                    "source": [SOURCE],
                    "detail-type": list(KINDS),
                    "detail": {"environment": [self._settings.environment]},
                },
            ),
            "DataSets": (
                "A data set version was stored",
                {
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {
                        "bucket": {"name": [self._storage.data_bucket.ref]},
                        "object": {"key": [{"suffix": "/data-set.json"}]},
                    },
                },
            ),
        }
        rules = [
            rule(
                self,
                name,
                description=f"{what}: lineage is recorded",
                pattern=pattern,
                targets=[record],
                dead_letters=self._dead_letters,
            )
            for name, (what, pattern) in patterns.items()
        ]
        self._dead_letters.admit_rules(*(one.attr_arn for one in rules))

    def _sagemaker(self, what: str, kinds: list[str], named_by: str) -> tuple[str, dict[str, Any]]:
        return what, {
            "source": ["aws.sagemaker"],
            "detail-type": [f"SageMaker {kind}" for kind in kinds],
            "detail": {named_by: [{"prefix": f"{self._prefix}-"}]},
        }
