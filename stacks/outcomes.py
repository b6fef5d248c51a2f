"""Where outcomes are reported back: an HTTP API whose callers IAM knows, and files dropped in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway

from slipway.contracts import environment as variables
from slipway.contracts.outcome import DROP, KEPT, REFUSED
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.http_api import route, stage
from stacks.constructs.rule import rule
from stacks.constructs.statements import Statement, allow, arn, use_key

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack

PATH: Final = "/outcomes"
REQUESTS_PER_SECOND: Final = 100
"""Of up to 500 outcomes each: four billion a day."""
BURST: Final = 200
FILE_SECONDS: Final = 300
FILE_MEMORY_MB: Final = 2048
"""A file of 100 MB is parsed whole."""


class OutcomesStack(cdk.Stack):
    """What is taken in is kept in the data bucket; trials read it from there."""

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
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self._dead_letters = DeadLetters(self, "DeadLetters")
        self.api = apigateway.CfnApi(
            self, "Api", name=f"slipway-{settings.environment}-outcomes", protocol_type="HTTP"
        )
        route(self, self.api, "POST", PATH, self._add_take_outcomes(), authorization="AWS_IAM")
        stage(
            self,
            self.api,
            log_name=f"slipway-{settings.environment}-outcomes",
            log_days=settings.retention.log_days,
            requests_per_second=REQUESTS_PER_SECOND,
            burst=BURST,
        )
        self._add_drop()
        alarms = Alarms(self, "Alarms", topic_arn=notifications.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)

    @property
    def url(self) -> str:
        """Of the route."""
        return f"{self.api.attr_api_endpoint}{PATH}"

    @property
    def route_arn(self) -> str:
        """What a caller must be allowed to invoke."""
        return arn("execute-api", f"{self.api.ref}/$default/POST{PATH}")

    @property
    def _environment(self) -> dict[str, str]:
        return {
            variables.LEDGER_TABLE: self._storage.ledger.ref,
            variables.DATA_BUCKET: self._storage.data_bucket.ref,
        }

    def _keep(self, *prefixes: str) -> list[Statement]:
        bucket = self._storage.data_bucket.attr_arn
        return [
            *self._storage.grant_ledger("GetItem"),
            allow(
                ["s3:PutObject"],
                [f"{bucket}/{prefix}/*" for prefix in prefixes],
                because="outcomes come for every model, at any time",
            ),
            use_key(self._storage.data_key.attr_arn, "s3"),
        ]

    def _add_take_outcomes(self) -> TaskFunction:
        return self._functions.add(
            "take_outcomes", environment=self._environment, statements=self._keep(KEPT)
        )

    def _add_drop(self) -> None:
        bucket = self._storage.data_bucket
        take = self._functions.add(
            "take_outcomes_file",
            environment=self._environment,
            statements=[
                *self._keep(KEPT, REFUSED),
                allow(["s3:ListBucket"], [bucket.attr_arn]),
                allow(
                    ["s3:GetObject"],
                    [f"{bucket.attr_arn}/{DROP}/*"],
                    because="files come for every model, under names of their own",
                ),
            ],
            timeout_seconds=FILE_SECONDS,
            memory_mb=FILE_MEMORY_MB,
            dead_letters_arn=self._dead_letters.arn,
        )
        drops = rule(
            self,
            "Drops",
            description="A file of outcomes was dropped: it is taken in",
            pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [bucket.ref]},
                    "object": {"key": [{"prefix": f"{DROP}/"}]},
                },
            },
            targets=[take],
            dead_letters=self._dead_letters,
        )
        self._dead_letters.admit_rules(drops.attr_arn)
