"""From a pushed image to an approved version: registry, front door, release machine, records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm

from slipway.contracts import environment as variables
from slipway.contracts.platform import Platform, parameter_name
from stacks.constructs.alarms import Alarms
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.functions import Functions, TaskFunction
from stacks.constructs.machine import Machine, machine_arn, on_executions
from stacks.constructs.registry import Registry
from stacks.constructs.rule import rule
from stacks.constructs.sagemaker_role import sagemaker_role
from stacks.constructs.statements import (
    Statement,
    allow,
    arn,
    invoke,
    lend_key,
    managed_rule,
    on_images,
    on_models,
    pass_role,
    put_events,
    read_objects,
    use_key,
    write_objects,
)
from stacks.machines import release
from stacks.trial import TRIAL_SECONDS
from stacks.upkeep import Upkeep

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.approval import ApprovalStack
    from stacks.constructs.packages import Packages
    from stacks.notifications import NotificationsStack
    from stacks.outcomes import OutcomesStack
    from stacks.promotion import PromotionStack
    from stacks.registry import RegistryStack
    from stacks.settings import Settings
    from stacks.storage import StorageStack
    from stacks.trial import TrialStack

HASHING_SECONDS: Final = 900
"""Lambda's longest: an artifact is read at 50 MB a second or more, so 40 GB fit."""
ONE_CORE_MB: Final = 1769
JUDGING_SECONDS: Final = 600
"""Three million rows with thirty slices; a million takes 28 s (MAE) to 75 s (AUC)."""
QUEUEING_SECONDS: Final = 4 * 24 * 3600
"""What a release may wait for capacity, and its promotion for others, beside programs and approval."""


class ReleaseStack(cdk.Stack):
    """The spine. It comes last: it calls and names what the other stacks hold."""

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
        registry: RegistryStack,
        outcomes: OutcomesStack,
        trial: TrialStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self._notifications = notifications
        self._approval = approval
        self._promotion = promotion
        self._model_registry = registry
        self._outcomes = outcomes
        self._trial = trial
        self._prefix = settings.policy["resource_prefix"]
        Registry(self, "Registry", settings=settings)
        self._job_role = self._add_job_role()
        self._functions = Functions(self, "Functions", packages=packages, settings=settings)
        self._dead_letters = DeadLetters(self, "DeadLetters")
        self._machine = self._add_machine()
        self._plan_release = self._add_plan_release()
        self._add_rules()
        self._add_alarms()
        self._describe()

    @property
    def job_role_arn(self) -> str:
        return self._job_role.attr_arn

    @property
    def plan_function_arn(self) -> str:
        return self._plan_release.arn

    @property
    def sweep_function_arn(self) -> str:
        """Of ``sweep_executions``."""
        return self._upkeep.sweep_executions.arn

    @property
    def _environment(self) -> dict[str, str]:
        return {
            variables.LEDGER_TABLE: self._storage.ledger.ref,
            variables.POLICY: self._settings.policy_json,
        }

    def _on_images(self, *actions: str) -> Statement:
        return on_images(list(actions), self._settings.policy["repository_prefix"])

    def _add_job_role(self) -> iam.CfnRole:
        return sagemaker_role(
            self,
            "JobRole",
            description="Slipway: what a training or processing job may do",
            repository_prefix=self._settings.policy["repository_prefix"],
            statements=[
                *read_objects(self._storage.data_bucket.attr_arn),
                *read_objects(self._storage.artifact_bucket.attr_arn),
                write_objects(self._storage.artifact_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "s3"),
                lend_key(self._storage.data_key.attr_arn),
            ],
        )

    def _add_machine(self) -> Machine:
        look_up, scan, judge, register, request = (
            self._add_look_up_steps(),
            self._add_look_at_scan(),
            self._add_judge_release(),
            self._add_register_release(),
            self._add_request_approval(),
        )
        policy = self._settings.policy
        return Machine(
            self,
            "Release",
            kind="release",
            definition=release.definition(
                environment=self._settings.environment,
                timeout_seconds=policy["approval_timeout_hours"] * 3600
                + policy["max_training_minutes"] * 2 * 60
                + QUEUEING_SECONDS
                + (TRIAL_SECONDS + policy["approval_timeout_hours"] * 3600) * (2 if self._waits else 1),
                poll_seconds=policy["poll_seconds"],
                waits_for_trials=self._waits,
            ),
            substitutions={
                "look_up_steps": look_up.arn,
                "look_at_scan": scan.arn,
                "judge_release": judge.arn,
                "register_release": register.arn,
                "request_approval": request.arn,
                "promote_machine": self._promotion.machine.arn,
                "trial_machine": self._trial.machine.arn,
                **({"ledger": self._storage.ledger.ref} if self._waits else {}),
            },
            statements=[
                invoke(look_up.arn, scan.arn, judge.arn, register.arn, request.arn),
                *self._jobs(),
                *self._promotions(),
                *self._looks_for_trials(),
                put_events(),
            ],
            settings=self._settings,
        )

    def _jobs(self) -> list[Statement]:
        return [
            on_models(
                ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"],
                self._prefix,
                "training-job",
            ),
            on_models(
                [
                    "sagemaker:CreateProcessingJob",
                    "sagemaker:DescribeProcessingJob",
                    "sagemaker:StopProcessingJob",
                ],
                self._prefix,
                "processing-job",
            ),
            on_models(
                ["sagemaker:AddTags", "sagemaker:ListTags"], self._prefix, "training-job", "processing-job"
            ),
            pass_role(self._job_role.attr_arn, "sagemaker.amazonaws.com"),
            lend_key(self._storage.data_key.attr_arn),
            managed_rule("StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
            managed_rule("StepFunctionsGetEventsForSageMakerProcessingJobsRule"),
        ]

    @property
    def _waits(self) -> bool:
        """Whether an approved version lets another one's trial end first."""
        return self._settings.policy.get("newer_version") == "waits"

    def _looks_for_trials(self) -> list[Statement]:
        if not self._waits:
            return []
        return [
            self._storage.grant_leases("GetItem"),
            use_key(self._storage.data_key.attr_arn, "dynamodb"),
        ]

    def _promotions(self) -> list[Statement]:
        return [
            allow(["states:StartExecution"], [self._promotion.machine.arn, self._trial.machine.arn]),
            on_executions(
                ["states:DescribeExecution", "states:StopExecution"], self._settings, "promote", "trial"
            ),
            managed_rule("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
        ]

    def _add_look_up_steps(self) -> TaskFunction:
        return self._functions.add(
            "look_up_steps",
            environment={variables.LEDGER_TABLE: self._storage.ledger.ref},
            statements=[
                *self._storage.grant_ledger("GetItem", "PutItem", "UpdateItem"),
                *read_objects(self._storage.artifact_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "s3"),
            ],
        )

    def _add_look_at_scan(self) -> TaskFunction:
        return self._functions.add(
            "look_at_scan",
            environment={},
            statements=[self._on_images("ecr:DescribeImageScanFindings")],
        )

    def _add_judge_release(self) -> TaskFunction:
        bucket = self._storage.artifact_bucket
        return self._functions.add(
            "judge_release",
            environment={
                variables.LEDGER_TABLE: self._storage.ledger.ref,
                variables.PRICES: self._settings.prices_json,
            },
            statements=[
                *self._storage.grant_ledger("PutItem"),
                *read_objects(bucket.attr_arn),
                write_objects(bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "s3"),
                # training curves are read off the job's log
                allow(
                    ["logs:DescribeLogStreams", "logs:GetLogEvents"],
                    [
                        arn("logs", f"log-group:/aws/sagemaker/TrainingJobs{streams}")
                        for streams in ("", ":*")
                    ],
                    because="each job writes streams of its own",
                ),
            ],
            timeout_seconds=JUDGING_SECONDS,
            memory_mb=ONE_CORE_MB,
            arrays=True,
        )

    def _add_register_release(self) -> TaskFunction:
        group = "model-package-group"
        return self._functions.add(
            "register_release",
            environment=self._environment | {variables.PRICES: self._settings.prices_json},
            statements=[
                on_models(
                    ["sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"],
                    self._prefix,
                    group,
                ),
                on_models(
                    ["sagemaker:CreateModelPackage", "sagemaker:ListModelPackages"],
                    self._prefix,
                    group,
                    "model-package",
                ),
                on_models(["sagemaker:DescribeModelPackage"], self._prefix, "model-package"),
                on_models(["sagemaker:AddTags"], self._prefix, group),
                *self._storage.grant_ledger("GetItem", "PutItem"),
                # SageMaker reads the artifact and the image with the caller's rights; it is hashed as well.
                *read_objects(self._storage.artifact_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "s3"),
                self._on_images("ecr:BatchGetImage", "ecr:DescribeImages"),
            ],
            timeout_seconds=HASHING_SECONDS,
            memory_mb=ONE_CORE_MB,
        )

    def _add_request_approval(self) -> TaskFunction:
        return self._functions.add(
            "request_approval",
            environment=self._environment
            | {
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
                *self._approving(),
            ],
        )

    def _approving(self) -> list[Statement]:
        """Only where settings have releases approved without asking: the function decides by itself then."""
        rules = self._settings.policy.get("approval_rules", {})
        if not any(rule.get("automatic") for rule in rules.values()):
            return []
        return [
            allow(["states:SendTaskSuccess"], [machine_arn(self._settings, "release")]),
            on_models(
                ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
                self._prefix,
                "model-package",
            ),
        ]

    def _add_plan_release(self) -> TaskFunction:
        return self._functions.add(
            "plan_release",
            environment=self._environment
            | {
                variables.DATA_BUCKET: self._storage.data_bucket.ref,
                variables.ARTIFACT_BUCKET: self._storage.artifact_bucket.ref,
                variables.DATA_KEY_ARN: self._storage.data_key.attr_arn,
                variables.JOB_ROLE_ARN: self._job_role.attr_arn,
                variables.RELEASE_MACHINE_ARN: self._machine.arn,
            },
            statements=[
                self._on_images("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                *read_objects(self._storage.data_bucket.attr_arn),
                use_key(self._storage.data_key.attr_arn, "s3"),
                *self._storage.grant_ledger("GetItem", "Query", "PutItem", "UpdateItem"),
                allow(["states:StartExecution"], [self._machine.arn]),
                put_events(),
            ],
            timeout_seconds=60,
            dead_letters_arn=self._dead_letters.arn,
        )

    def _add_rules(self) -> None:
        # Child manifests and tags that are no version are refused with a reason, not filtered here.
        pushes = rule(
            self,
            "ImagePushes",
            description="A pushed model image starts a release",
            pattern={
                "source": ["aws.ecr"],
                "detail-type": ["ECR Image Action"],
                "detail": {
                    "action-type": ["PUSH"],
                    "result": ["SUCCESS"],
                    "repository-name": [{"prefix": f"{self._settings.policy['repository_prefix']}/"}],
                },
            },
            targets=[self._plan_release],
            dead_letters=self._dead_letters,
        )
        self._upkeep = upkeep = Upkeep(
            self,
            "Upkeep",
            settings=self._settings,
            storage=self._storage,
            functions=self._functions,
            dead_letters=self._dead_letters,
            plan_function_arn=self._plan_release.arn,
            release_machine_arn=self._machine.arn,
            promote_machine_arn=self._promotion.machine.arn,
            approval_url=self._approval.url,
            notice_topic_arn=self._notifications.notice_topic.ref,
        )
        self._dead_letters.admit_rules(
            pushes.attr_arn, upkeep.endings.attr_arn, upkeep.package_changes.attr_arn
        )

    def _add_alarms(self) -> None:
        alarms = Alarms(
            self, "Alarms", topic_arn=self._notifications.alarm_topic.ref, settings=self._settings
        )
        alarms.watch_functions(self._functions)
        alarms.watch_dead_letters(self._dead_letters.name)
        alarms.watch_machine(self._machine.arn)

    def _describe(self) -> None:
        """The one parameter that tells clients where everything is; its name is how they find it."""
        storage, policy = self._storage, self._settings.policy
        platform = Platform(
            environment=self._settings.environment,
            account=cdk.Aws.ACCOUNT_ID,
            region=cdk.Aws.REGION,
            repository_prefix=policy["repository_prefix"],
            resource_prefix=policy["resource_prefix"],
            ledger_table=storage.ledger.ref,
            data_bucket=storage.data_bucket.ref,
            artifact_bucket=storage.artifact_bucket.ref,
            data_key_arn=storage.data_key.attr_arn,
            serving_role_arn=self._promotion.serving_role_arn,
            release_machine_arn=self._machine.arn,
            promote_machine_arn=self._promotion.machine.arn,
            plan_function=self._plan_release.name,
            set_alias_function=self._model_registry.set_alias.name,
            tag_version_function=self._model_registry.tag_version.name,
            remove_artifact_function=self._model_registry.remove_artifact.name,
            notice_topic_arn=self._notifications.notice_topic.ref,
            approval_url=self._approval.url,
            trial_machine_arn=self._trial.machine.arn,
            sweep_executions_function=self._upkeep.sweep_executions.name,
            stop_trial_function=self._trial.stop_trial.name,
            outcomes_url=self._outcomes.url,
            prices=dict(self._settings.prices),
        )
        ssm.CfnParameter(
            self,
            "Platform",
            type="String",
            name=parameter_name(self._settings.environment),
            description="Where this platform's parts are",
            value=self.to_json_string(platform),
        )
