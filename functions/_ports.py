"""
The ports, made by their adapters from the function's environment variables when they are first asked for.

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
    from slipway.domain.costs import Prices
    from slipway.domain.site import Site
    from slipway.usecases import ports


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
def prices() -> Prices:
    from slipway.domain.costs import Prices

    return Prices(json.loads(os.environ.get(variables.PRICES, "{}")))


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
def endpoint_runtime() -> ports.EndpointRuntime:
    from slipway.adapters.clients import client
    from slipway.adapters.sagemaker_runtime import ANSWER_SECONDS, SageMakerRuntime

    asked = client("sagemaker-runtime", attempts=1, read_timeout_seconds=ANSWER_SECONDS)
    return SageMakerRuntime(asked, client("s3"))


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
