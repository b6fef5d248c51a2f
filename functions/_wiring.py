"""
What a function works with, made from its environment variables when it is first asked for.

Adapters are imported inside, one by one: a cold start pays for what the function uses.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING

from slipway.contracts import environment as variables
from slipway.domain.errors import MissingSettingError

if TYPE_CHECKING:
    from slipway.adapters.slack_webhook import SlackSecret
    from slipway.contracts.policy import Policy
    from slipway.domain.site import Site
    from slipway.usecases import ports
    from slipway.usecases.ask_again import AskAgain
    from slipway.usecases.bridge_metrics import MetricsBridge
    from slipway.usecases.end_trial import TrialEnding
    from slipway.usecases.export_telemetry import TelemetryExport
    from slipway.usecases.judge_trial import TrialJudge
    from slipway.usecases.look_up_steps import StepCache
    from slipway.usecases.record_lineage import LineageRecording, LineageSources
    from slipway.usecases.record_outcome import OutcomeRecording
    from slipway.usecases.remove_artifact import ArtifactRemoval
    from slipway.usecases.request_approval import Ports
    from slipway.usecases.sweep_idle import IdleSweep
    from slipway.usecases.sweep_lineage import LineageSweep
    from slipway.usecases.take_in_package import PackageIntake
    from slipway.usecases.take_outcomes import OutcomeIntake
    from slipway.usecases.tidy_endpoint import EndpointTidying
    from slipway.usecases.watch_endpoint import EndpointWatching


def setting(variable: str) -> str:
    """The value of an environment variable; MissingSettingError when it is not set."""
    value = os.environ.get(variable)
    if value is None:
        raise MissingSettingError(variable)
    return value


@cache
def ledger() -> ports.Ledger:
    from slipway.adapters.clients import client
    from slipway.adapters.dynamodb_ledger import DynamoDbLedger

    return DynamoDbLedger(client("dynamodb"), setting(variables.LEDGER_TABLE))


@cache
def events() -> ports.EventBus:
    from slipway.adapters.clients import client
    from slipway.adapters.eventbridge_events import EventBridgeEvents

    return EventBridgeEvents(client("events"), setting(variables.ENVIRONMENT))


@cache
def policy() -> Policy:
    document: Policy = json.loads(setting(variables.POLICY))
    return document


@cache
def signer() -> ports.LinkSigner:
    from slipway.adapters.clients import client
    from slipway.adapters.kms_signer import KmsSigner

    return KmsSigner(client("kms"), setting(variables.APPROVAL_KEY_ID))


@cache
def mailer() -> ports.Mailer:
    from slipway.adapters.clients import client
    from slipway.adapters.sns_mail import SnsMailer

    return SnsMailer(client("sns"), setting(variables.NOTICE_TOPIC_ARN))


@cache
def task_tokens() -> ports.TaskTokens:
    from slipway.adapters.clients import client
    from slipway.adapters.sfn_task_tokens import StepFunctionsTaskTokens

    return StepFunctionsTaskTokens(client("stepfunctions"))


@cache
def chat() -> ports.ChatChannel:
    from slipway.adapters.clients import client
    from slipway.adapters.slack_webhook import SlackWebhook

    arn = os.environ.get(variables.SLACK_SECRET_ARN, "")
    return SlackWebhook(client("secretsmanager") if arn else None, arn)


@cache
def slack_replies() -> ports.ChatReplies:
    from slipway.adapters.slack_webhook import SlackReplies

    return SlackReplies()


@cache
def slack_signing_secret() -> SlackSecret:
    from slipway.adapters.clients import client
    from slipway.adapters.slack_webhook import SlackSecret

    return SlackSecret(client("secretsmanager"), setting(variables.SLACK_SIGNING_SECRET_ARN))


@cache
def slack_people() -> dict[str, str]:
    people: dict[str, str] = json.loads(setting(variables.SLACK_PEOPLE))
    return people


@cache
def reports() -> ports.Reports:
    from slipway.adapters.clients import client
    from slipway.adapters.s3_reports import S3Reports

    return S3Reports(client("s3"))


@cache
def kept_files() -> ports.KeptFiles:
    from slipway.adapters.clients import client
    from slipway.adapters.s3_kept_files import S3KeptFiles

    return S3KeptFiles(client("s3"), setting(variables.DATA_BUCKET))


@cache
def outcome_intake() -> OutcomeIntake:
    from slipway.domain.timestamps import now
    from slipway.usecases.take_outcomes import OutcomeIntake

    return OutcomeIntake(versions=ledger(), files=kept_files(), clock=now)


@cache
def trial_judge() -> TrialJudge:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_variant_loads import CloudWatchVariantLoads
    from slipway.adapters.s3_kept_files import S3KeptFiles
    from slipway.domain.timestamps import now
    from slipway.usecases.judge_trial import TrialJudge
    from slipway.usecases.read_trial import TrialReading

    bucket = setting(variables.ARTIFACT_BUCKET)
    artifacts = S3KeptFiles(client("s3"), bucket)
    return TrialJudge(
        ledger=ledger(),
        reading=TrialReading(artifacts, kept_files()),
        loads=CloudWatchVariantLoads(client("cloudwatch")),
        files=artifacts,
        bucket=bucket,
        clock=now,
        environment=setting(variables.ENVIRONMENT),
        resource_prefix=policy()["resource_prefix"],
        poll_seconds=policy()["poll_seconds"],
    )


@cache
def trial_ending() -> TrialEnding:
    from slipway.domain.timestamps import now
    from slipway.usecases.end_trial import TrialEnding

    return TrialEnding(
        ledger=ledger(),
        events=events(),
        executions=executions(),
        tokens=task_tokens(),
        promote_machine_arn=os.environ.get(variables.PROMOTE_MACHINE_ARN, ""),
        environment=setting(variables.ENVIRONMENT),
        clock=now,
    )


@cache
def artifacts() -> ports.Artifacts:
    from slipway.adapters.clients import client
    from slipway.adapters.s3_artifacts import S3Artifacts

    return S3Artifacts(client("s3"))


@cache
def hosting() -> ports.Hosting:
    from slipway.adapters.clients import client
    from slipway.adapters.sagemaker_hosting import SageMakerHosting

    return SageMakerHosting(client("sagemaker"))


@cache
def endpoint_watching() -> EndpointWatching:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_monitoring import CloudWatchMonitoring
    from slipway.usecases.watch_endpoint import EndpointWatching

    return EndpointWatching(
        hosting=hosting(),
        ledger=ledger(),
        monitoring=CloudWatchMonitoring(client("cloudwatch")),
        environment=setting(variables.ENVIRONMENT),
        alarm_topic_arn=setting(variables.ALARM_TOPIC_ARN),
        runbook=setting(variables.RUNBOOK),
    )


@cache
def telemetry_sink() -> ports.TelemetrySink:
    from slipway.adapters.clients import client
    from slipway.adapters.otlp_collector import OtlpCollector

    secret = os.environ.get(variables.OTLP_HEADERS_SECRET_ARN, "")

    def headers() -> str:
        if not secret:
            return ""
        return str(client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])

    return OtlpCollector(setting(variables.OTLP_ENDPOINT), headers)


@cache
def telemetry_export() -> TelemetryExport:
    from slipway.usecases.export_telemetry import TelemetryExport

    return TelemetryExport(
        executions=executions(),
        releases=ledger(),
        sink=telemetry_sink(),
        environment=setting(variables.ENVIRONMENT),
        promote_machine_arn=setting(variables.PROMOTE_MACHINE_ARN),
    )


@cache
def metrics_bridge() -> MetricsBridge:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_numbers import CloudWatchNumbers
    from slipway.domain.timestamps import now
    from slipway.usecases.bridge_metrics import MetricsBridge

    return MetricsBridge(
        hosting=hosting(),
        ledger=ledger(),
        numbers=CloudWatchNumbers(client("cloudwatch")),
        sink=telemetry_sink(),
        clock=now,
        environment=setting(variables.ENVIRONMENT),
        endpoint_prefix=f"{policy()['resource_prefix']}-",
        minutes=int(setting(variables.METRICS_MINUTES)),
    )


@cache
def endpoint_tidying() -> EndpointTidying:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_monitoring import CloudWatchMonitoring
    from slipway.adapters.sagemaker_endpoint_parts import SageMakerEndpointParts
    from slipway.usecases.tidy_endpoint import EndpointTidying

    return EndpointTidying(
        ledger=ledger(),
        hosting=hosting(),
        monitoring=CloudWatchMonitoring(client("cloudwatch")),
        parts=SageMakerEndpointParts(client("sagemaker")),
    )


@cache
def artifact_removal() -> ArtifactRemoval:
    from slipway.domain.timestamps import now
    from slipway.usecases.remove_artifact import ArtifactRemoval

    return ArtifactRemoval(
        ledger=ledger(),
        artifacts=artifacts(),
        hosting=hosting(),
        retention=json.loads(setting(variables.RETENTION)),
        resource_prefix=policy()["resource_prefix"],
        clock=now,
    )


@cache
def model_registry() -> ports.ModelRegistry:
    from slipway.adapters.clients import client
    from slipway.adapters.sagemaker_registry import SageMakerRegistry

    return SageMakerRegistry(client("sagemaker"))


@cache
def site() -> Site:
    """What is fixed when the environment is deployed; a function lacks what it has no use for."""
    from slipway.domain.site import Site

    return Site(
        environment=setting(variables.ENVIRONMENT),
        artifact_bucket=os.environ.get(variables.ARTIFACT_BUCKET, ""),
        data_key_arn=os.environ.get(variables.DATA_KEY_ARN, ""),
        job_role_arn=os.environ.get(variables.JOB_ROLE_ARN, ""),
        serving_role_arn=os.environ.get(variables.SERVING_ROLE_ARN, ""),
        policy=policy(),
    )


@cache
def image_registry() -> ports.ImageRegistry:
    from slipway.adapters.clients import client
    from slipway.adapters.ecr_registry import EcrRegistry

    return EcrRegistry(client("ecr"))


@cache
def data_sets() -> ports.DataSets:
    from slipway.adapters.clients import client
    from slipway.adapters.s3_data_sets import S3DataSets

    return S3DataSets(client("s3"), setting(variables.DATA_BUCKET))


@cache
def executions() -> ports.Executions:
    from slipway.adapters.clients import client
    from slipway.adapters.sfn_executions import SfnExecutions

    return SfnExecutions(client("stepfunctions"))


@cache
def idle_sweep() -> IdleSweep:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_traffic import CloudWatchTraffic
    from slipway.domain.timestamps import now
    from slipway.usecases.sweep_idle import IdleSweep

    return IdleSweep(
        rule=json.loads(setting(variables.IDLE)),
        environment=setting(variables.ENVIRONMENT),
        resource_prefix=policy()["resource_prefix"],
        promote_machine_arn=setting(variables.PROMOTE_MACHINE_ARN),
        ledger=ledger(),
        hosting=hosting(),
        traffic=CloudWatchTraffic(client("cloudwatch")),
        executions=executions(),
        events=events(),
        clock=now,
    )


@cache
def release_planner() -> ports.ReleasePlanner:
    from slipway.adapters.clients import client
    from slipway.adapters.lambda_planner import LambdaPlanner

    return LambdaPlanner(client("lambda"), setting(variables.PLAN_FUNCTION_ARN))


@cache
def steps() -> ports.Steps:
    from slipway.adapters.clients import client
    from slipway.adapters.dynamodb_steps import DynamoDbSteps

    return DynamoDbSteps(client("dynamodb"), setting(variables.LEDGER_TABLE))


@cache
def step_cache() -> StepCache:
    from slipway.adapters.clients import client
    from slipway.adapters.s3_fingerprints import S3Fingerprints
    from slipway.domain.timestamps import now
    from slipway.usecases.look_up_steps import StepCache

    return StepCache(steps(), ledger(), S3Fingerprints(client("s3")), now)


@cache
def endpoint_runtime() -> ports.EndpointRuntime:
    from slipway.adapters.clients import client
    from slipway.adapters.sagemaker_runtime import ANSWER_SECONDS, SageMakerRuntime

    asked = client("sagemaker-runtime", attempts=1, read_timeout_seconds=ANSWER_SECONDS)
    return SageMakerRuntime(asked, client("s3"))


@cache
def package_intake() -> PackageIntake:
    from slipway.domain.timestamps import now
    from slipway.usecases.take_in_package import PackageIntake

    return PackageIntake(
        ledger=ledger(), registry=model_registry(), tokens=task_tokens(), events=events(), clock=now
    )


@cache
def asking() -> Ports:
    from slipway.usecases.request_approval import Ports

    return Ports(
        ledger=ledger(),
        signer=signer(),
        mailer=mailer(),
        reports=reports(),
        events=events(),
        tokens=task_tokens(),
        registry=model_registry(),
    )


@cache
def ask_again() -> AskAgain:
    from slipway.usecases.ask_again import AskAgain

    return AskAgain(
        approvals=ledger(),
        signer=signer(),
        mailer=mailer(),
        reports=reports(),
        events=events(),
        approvers=policy()["approvers"],
        rules=policy().get("approval_rules", {}),
        base_url=setting(variables.APPROVAL_URL),
    )


@cache
def outcome_recording() -> OutcomeRecording:
    from slipway.domain.timestamps import now
    from slipway.usecases.record_outcome import OutcomeRecording

    return OutcomeRecording(
        executions=executions(),
        ledger=ledger(),
        steps=steps(),
        events=events(),
        clock=now,
        promote_machine_arn=setting(variables.PROMOTE_MACHINE_ARN),
        resource_prefix=policy()["resource_prefix"],
    )


@cache
def lineage() -> ports.Lineage:
    from slipway.adapters.clients import client
    from slipway.adapters.dynamodb_lineage import DynamoDbLineage

    return DynamoDbLineage(client("dynamodb"), setting(variables.LEDGER_TABLE))


@cache
def job_logs() -> ports.JobLogs:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_job_logs import CloudWatchJobLogs

    return CloudWatchJobLogs(client("logs"))


@cache
def _lineage_sources() -> LineageSources:
    from slipway.adapters.clients import client
    from slipway.adapters.sagemaker_hosting import SageMakerHosting
    from slipway.adapters.sagemaker_jobs import SageMakerJobs
    from slipway.usecases.record_lineage import LineageSources

    return LineageSources(
        ledger=ledger(),
        executions=executions(),
        jobs=SageMakerJobs(client("sagemaker")),
        logs=job_logs(),
        hosting=SageMakerHosting(client("sagemaker")),
        data_sets=data_sets(),
        reports=reports(),
    )


@cache
def lineage_recording(*, patient: bool = True) -> LineageRecording:
    """Who is not ``patient`` does not wait for what another function is about to write."""
    import time

    from slipway.usecases.record_lineage import PAUSES_SECONDS, LineageRecording

    return LineageRecording(
        sources=_lineage_sources(),
        lineage=lineage(),
        environment=setting(variables.ENVIRONMENT),
        resource_prefix=policy()["resource_prefix"],
        data_bucket=setting(variables.DATA_BUCKET),
        sleep=time.sleep,
        pauses=PAUSES_SECONDS if patient else (),
    )


@cache
def lineage_sweep() -> LineageSweep:
    from slipway.domain.timestamps import now
    from slipway.usecases.sweep_lineage import LineageSweep

    return LineageSweep(
        sources=_lineage_sources(),
        lineage=lineage(),
        recording=lineage_recording(patient=False),
        promote_machine_arn=setting(variables.PROMOTE_MACHINE_ARN),
        clock=now,
    )
