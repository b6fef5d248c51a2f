"""Trials of challengers beside champions: the trial machine and its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from slipway.contracts import environment as variables
from slipway.contracts.names import CAPTURE_PREFIX, TRIAL_TABLES_PREFIX
from slipway.contracts.outcome import KEPT
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.machine import Machine, machine_arn, on_executions
from stacks.constructs.rule import rule
from stacks.constructs.schedules import Schedules
from stacks.constructs.statements import (
    Statement,
    allow,
    invoke,
    managed_rule,
    put_events,
    read_objects,
    use_key,
)
from stacks.machines import trial

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.approval import ApprovalStack
    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.promotion import PromotionStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack

LONGEST_HOURS: Final = 24 * 90
"""That a manifest may ask for."""
PROMOTIONS_SECONDS: Final = 3 * 8 * 3600
"""Putting the challenger there, and taking it away or making it champion."""
TRIAL_SECONDS: Final = LONGEST_HOURS * 3600 + PROMOTIONS_SECONDS
"""Without waiting for its approval."""
SWEEP_SECONDS: Final = 300
JUDGING_SECONDS: Final = 600
JUDGING_MB: Final = 3008
"""A look reads 48 MB of text, which Python has as ten times that."""


class TrialStack(cdk.Stack):
    """Puts challengers there by the promote machine, watches, and asks approvers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        packages: Packages,
        storage: StorageStack,
        notifications: NotificationsStack,
        approval: ApprovalStack,
        promotion: PromotionStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self._notifications = notifications
        self._approval = approval
        self._promotion = promotion
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self._dead_letters = DeadLetters(self, "DeadLetters")
        self.machine = self._add_machine()
        self.stop_trial = self._functions.add(
            "stop_trial", environment=self._ending, statements=self._end(), timeout_seconds=60
        )
        self._add_burial()
        alarms = Alarms(self, "Alarms", topic_arn=notifications.alarm_topic.ref, settings=settings)
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)
        alarms.watch_machine(self.machine.arn)

    def _add_machine(self) -> Machine:
        begin, judge, propose, end = (
            self._add_begin_trial(),
            self._add_judge_trial(),
            self._add_propose_trial(),
            self._functions.add(
                "end_trial",
                environment={
                    variables.LEDGER_TABLE: self._storage.ledger.ref,
                    variables.POLICY: self._settings.policy_json,
                },
                statements=[*self._storage.grant_ledger("GetItem", "UpdateItem"), put_events()],
            ),
        )
        policy = self._settings.policy
        return Machine(
            self,
            "Trial",
            kind="trial",
            definition=trial.definition(
                timeout_seconds=TRIAL_SECONDS + policy["approval_timeout_hours"] * 3600
            ),
            substitutions={
                "begin_trial": begin.arn,
                "judge_trial": judge.arn,
                "propose_trial": propose.arn,
                "end_trial": end.arn,
                "promote_machine": self._promotion.machine.arn,
            },
            statements=[
                invoke(begin.arn, judge.arn, propose.arn, end.arn),
                allow(["states:StartExecution"], [self._promotion.machine.arn]),
                on_executions(
                    ["states:DescribeExecution", "states:StopExecution"], self._settings, "promote"
                ),
                managed_rule("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
            ],
            settings=self._settings,
        )

    def _add_begin_trial(self) -> TaskFunction:
        return self._functions.add(
            "begin_trial",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.POLICY: self._settings.policy_json,
            },
            statements=[*self._storage.grant_ledger("GetItem", "PutItem"), put_events()],
        )

    def _add_judge_trial(self) -> TaskFunction:
        data, artifacts = self._storage.data_bucket.attr_arn, self._storage.artifact_bucket.attr_arn
        return self._functions.add(
            "judge_trial",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.POLICY: self._settings.policy_json,
                variables.DATA_BUCKET: self._storage.data_bucket.ref,
                variables.ARTIFACT_BUCKET: self._storage.artifact_bucket.ref,
            },
            statements=[
                *self._storage.grant_ledger("GetItem", "UpdateItem"),
                allow(["s3:ListBucket"], [data, artifacts]),
                allow(
                    ["s3:GetObject"],
                    [
                        f"{data}/{KEPT}/*",
                        f"{artifacts}/{CAPTURE_PREFIX}*",
                        f"{artifacts}/{TRIAL_TABLES_PREFIX}*",
                    ],
                    because="captures and outcomes come for every model, at any time",
                ),
                allow(
                    ["s3:PutObject"],
                    [f"{artifacts}/trials/*", f"{artifacts}/{TRIAL_TABLES_PREFIX}*"],
                    because="a trial keeps its own files in folders of its own",
                ),
                allow(
                    ["s3:DeleteObject"],
                    [f"{artifacts}/{TRIAL_TABLES_PREFIX}*"],
                    because="a look replaces the parts of its trial's table; reports stay",
                ),
                use_key(self._storage.data_key.attr_arn, "s3"),
                allow(
                    ["cloudwatch:GetMetricData"],
                    ["*"],
                    because="metrics are read of the account, or not at all",
                ),
            ],
            timeout_seconds=JUDGING_SECONDS,
            memory_mb=JUDGING_MB,
            arrays=True,
        )

    def _add_propose_trial(self) -> TaskFunction:
        return self._functions.add(
            "propose_trial",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.POLICY: self._settings.policy_json,
                variables.APPROVAL_KEY_ID: self._storage.approval_key.ref,
                variables.APPROVAL_URL: self._approval.url,
                variables.NOTICE_TOPIC_ARN: self._notifications.notice_topic.ref,
            },
            statements=[
                *self._storage.grant_ledger("GetItem", "PutItem", "UpdateItem"),
                allow(["kms:GenerateMac"], [self._storage.approval_key.attr_arn]),
                allow(["sns:Publish"], [self._notifications.notice_topic.ref]),
                *read_objects(self._storage.artifact_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "sns", "s3"),
                put_events(),
            ],
        )

    @property
    def _ending(self) -> dict[str, str]:
        return {
            variables.LEDGER_TABLE: self._storage.ledger.ref,
            variables.PROMOTE_MACHINE_ARN: self._promotion.machine.arn,
            variables.POLICY: self._settings.policy_json,
        }

    @property
    def _close(self) -> list[Statement]:
        return [
            *self._storage.grant_ledger("GetItem", "UpdateItem"),
            # who waits for a proposal's decision is told that there is none
            allow(["states:SendTaskSuccess"], [machine_arn(self._settings, "trial")]),
            put_events(),
        ]

    def _end(self, *described: str) -> list[Statement]:
        """Also start the challenger's removal, and see what became of an earlier one."""
        return [
            *self._close,
            allow(["states:StartExecution"], [self._promotion.machine.arn]),
            on_executions(["states:DescribeExecution"], self._settings, "promote", *described),
        ]

    def _add_burial(self) -> None:
        bury = self._add_ending("bury_trial", self._end("trial"))
        supersede = self._add_ending(
            "supersede_trial",
            [*self._close, on_executions(["states:DescribeExecution"], self._settings, "promote")],
        )
        sweep = self._add_ending(
            "sweep_trials",
            [*self._end("trial"), *self._storage.grant_ledger("Query")],
            timeout_seconds=SWEEP_SECONDS,
        )
        deaths = self._on_endings(
            "Deaths",
            "A trial's execution died: its challenger leaves",
            ["FAILED", "TIMED_OUT", "ABORTED"],
            self.machine.arn,
            bury,
        )
        successions = self._on_endings(
            "Successions",
            "A promotion succeeded: the trial whose challenger it took away is over",
            ["SUCCEEDED"],
            self._promotion.machine.arn,
            supersede,
        )
        self._dead_letters.admit_rules(deaths, successions)
        Schedules(
            self,
            "Sweeps",
            functions=[sweep],
            minutes=self._settings.sweep_minutes,
            dead_letters=self._dead_letters,
        )

    def _add_ending(
        self, module: str, statements: list[Statement], *, timeout_seconds: int = 60
    ) -> TaskFunction:
        return self._functions.add(
            module,
            environment=self._ending,
            statements=statements,
            timeout_seconds=timeout_seconds,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _on_endings(
        self, name: str, description: str, statuses: list[str], machine: str, function: TaskFunction
    ) -> str:
        """The ARN of a rule that hands a machine's ended executions to a function."""
        made = rule(
            self,
            name,
            description=description,
            pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {"status": statuses, "stateMachineArn": [machine]},
            },
            targets=[function],
            dead_letters=self._dead_letters,
        )
        return made.attr_arn
