"""What people ask of the model registry: aliases, tags, removals; and the sweep that removes by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from slipway.contracts import environment as variables
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.schedules import Schedules
from stacks.constructs.statements import Statement, allow, on_models

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack

SWEEP_SECONDS: Final = 900
SWEEP_MINUTES: Final = 24 * 60
"""Artifacts are kept for days: once a day is often enough."""


class RegistryStack(cdk.Stack):
    """Its functions are called by the command line; who may call them stands in the access stack."""

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
        self.set_alias = self._add_set_alias()
        self.tag_version = self._add_tag_version()
        self.remove_artifact = self._functions.add(
            "remove_artifact", environment=self._retention, statements=self._removal(), timeout_seconds=60
        )
        Schedules(
            self,
            "Sweeps",
            functions=[self._add_sweep_artifacts()],
            minutes=SWEEP_MINUTES,
            dead_letters=self._dead_letters,
        )
        self._dead_letters.admit_rules()
        alarms = Alarms(self, "Alarms", topic_arn=notifications.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)

    @property
    def _retention(self) -> dict[str, str]:
        return {
            variables.LEDGER_TABLE: self._storage.ledger.ref,
            variables.POLICY: self._settings.policy_json,
            variables.RETENTION: self._settings.retention.artifacts_json,
        }

    def _add_set_alias(self) -> TaskFunction:
        return self._functions.add(
            "set_alias",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=self._storage.grant_ledger("GetItem", "PutItem", "ConditionCheckItem"),
        )

    def _add_tag_version(self) -> TaskFunction:
        return self._functions.add(
            "tag_version",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=[
                *self._storage.grant_ledger("GetItem", "UpdateItem"),
                on_models(
                    ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
                    self._prefix,
                    "model-package",
                ),
            ],
        )

    def _add_sweep_artifacts(self) -> TaskFunction:
        return self._functions.add(
            "sweep_artifacts",
            environment=self._retention | {variables.ARTIFACT_BUCKET: self._storage.artifact_bucket.ref},
            statements=self._removal(),
            timeout_seconds=SWEEP_SECONDS,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _removal(self) -> list[Statement]:
        """Look at all that may need an artifact, and remove nothing but artifacts."""
        bucket = self._storage.artifact_bucket.attr_arn
        return [
            *self._storage.grant_ledger("GetItem", "Query", "UpdateItem"),
            allow(["s3:ListBucket"], [bucket]),
            allow(
                ["s3:DeleteObject"],
                [f"{bucket}/*/training/*/model.tar.gz"],
                because="each training leaves its artifact in a folder of its own; reports lie elsewhere",
            ),
            allow(
                ["sagemaker:ListEndpoints"], ["*"], because="endpoints are listed all at once, or not at all"
            ),
            on_models(
                [
                    "sagemaker:DescribeEndpoint",
                    "sagemaker:DescribeEndpointConfig",
                    "sagemaker:DescribeModel",
                ],
                self._prefix,
                "endpoint",
                "endpoint-config",
                "model",
            ),
        ]
