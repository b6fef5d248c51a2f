"""
The use cases, put together from ports when they are first asked for.

They are imported inside, one by one: a cold start pays for what the function uses.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING

from functions import _ports
from slipway.contracts import environment as variables

if TYPE_CHECKING:
    from slipway.usecases.ask_again import AskAgain
    from slipway.usecases.bridge_metrics import MetricsBridge
    from slipway.usecases.bury_trial import TrialBurial
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


@cache
def outcome_intake() -> OutcomeIntake:
    from slipway.domain.timestamps import now
    from slipway.usecases.take_outcomes import OutcomeIntake

    return OutcomeIntake(versions=_ports.ledger(), files=_ports.kept_files(), clock=now)


@cache
def trial_judge() -> TrialJudge:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_variant_loads import CloudWatchVariantLoads
    from slipway.adapters.s3_kept_files import S3KeptFiles
    from slipway.domain.timestamps import now
    from slipway.usecases.judge_trial import TrialJudge
    from slipway.usecases.read_trial import TrialReading

    bucket = _ports.setting(variables.ARTIFACT_BUCKET)
    artifacts = S3KeptFiles(client("s3"), bucket)
    return TrialJudge(
        ledger=_ports.ledger(),
        reading=TrialReading(artifacts, _ports.kept_files()),
        loads=CloudWatchVariantLoads(client("cloudwatch")),
        files=artifacts,
        bucket=bucket,
        clock=now,
        environment=_ports.setting(variables.ENVIRONMENT),
        resource_prefix=_ports.policy()["resource_prefix"],
        poll_seconds=_ports.policy()["poll_seconds"],
    )


@cache
def trial_ending() -> TrialEnding:
    from slipway.domain.timestamps import now
    from slipway.usecases.end_trial import TrialEnding

    return TrialEnding(
        ledger=_ports.ledger(),
        events=_ports.events(),
        executions=_ports.executions(),
        tokens=_ports.task_tokens(),
        promote_machine_arn=os.environ.get(variables.PROMOTE_MACHINE_ARN, ""),
        environment=_ports.setting(variables.ENVIRONMENT),
        resource_prefix=_ports.policy()["resource_prefix"],
        clock=now,
    )


@cache
def trial_burial() -> TrialBurial:
    from slipway.domain.timestamps import now
    from slipway.usecases.bury_trial import TrialBurial

    return TrialBurial(
        ledger=_ports.ledger(),
        executions=_ports.executions(),
        ending=trial_ending(),
        resource_prefix=_ports.policy()["resource_prefix"],
        clock=now,
    )


@cache
def endpoint_watching() -> EndpointWatching:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_monitoring import CloudWatchMonitoring
    from slipway.domain.timestamps import now
    from slipway.usecases.watch_endpoint import EndpointWatching

    return EndpointWatching(
        hosting=_ports.hosting(),
        ledger=_ports.ledger(),
        monitoring=CloudWatchMonitoring(client("cloudwatch")),
        environment=_ports.setting(variables.ENVIRONMENT),
        alarm_topic_arn=_ports.setting(variables.ALARM_TOPIC_ARN),
        runbook=_ports.setting(variables.RUNBOOK),
        resource_prefix=_ports.policy()["resource_prefix"],
        clock=now,
        prices=_ports.prices(),
    )


@cache
def telemetry_export() -> TelemetryExport:
    from slipway.usecases.export_telemetry import TelemetryExport

    return TelemetryExport(
        executions=_ports.executions(),
        releases=_ports.ledger(),
        sink=_ports.telemetry_sink(),
        environment=_ports.setting(variables.ENVIRONMENT),
        promote_machine_arn=_ports.setting(variables.PROMOTE_MACHINE_ARN),
    )


@cache
def metrics_bridge() -> MetricsBridge:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_numbers import CloudWatchNumbers
    from slipway.domain.timestamps import now
    from slipway.usecases.bridge_metrics import MetricsBridge

    return MetricsBridge(
        hosting=_ports.hosting(),
        ledger=_ports.ledger(),
        numbers=CloudWatchNumbers(client("cloudwatch")),
        sink=_ports.telemetry_sink(),
        clock=now,
        environment=_ports.setting(variables.ENVIRONMENT),
        endpoint_prefix=f"{_ports.policy()['resource_prefix']}-",
        minutes=int(_ports.setting(variables.METRICS_MINUTES)),
    )


@cache
def endpoint_tidying() -> EndpointTidying:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_monitoring import CloudWatchMonitoring
    from slipway.adapters.sagemaker_endpoint_parts import SageMakerEndpointParts
    from slipway.usecases.tidy_endpoint import EndpointTidying

    return EndpointTidying(
        ledger=_ports.ledger(),
        hosting=_ports.hosting(),
        monitoring=CloudWatchMonitoring(client("cloudwatch")),
        parts=SageMakerEndpointParts(client("sagemaker")),
    )


@cache
def artifact_removal() -> ArtifactRemoval:
    from slipway.domain.timestamps import now
    from slipway.usecases.remove_artifact import ArtifactRemoval

    return ArtifactRemoval(
        ledger=_ports.ledger(),
        artifacts=_ports.artifacts(),
        hosting=_ports.hosting(),
        retention=json.loads(_ports.setting(variables.RETENTION)),
        resource_prefix=_ports.policy()["resource_prefix"],
        clock=now,
    )


@cache
def idle_sweep() -> IdleSweep:
    from slipway.adapters.clients import client
    from slipway.adapters.cloudwatch_traffic import CloudWatchTraffic
    from slipway.domain.timestamps import now
    from slipway.usecases.sweep_idle import IdleSweep

    return IdleSweep(
        rule=json.loads(_ports.setting(variables.IDLE)),
        environment=_ports.setting(variables.ENVIRONMENT),
        resource_prefix=_ports.policy()["resource_prefix"],
        promote_machine_arn=_ports.setting(variables.PROMOTE_MACHINE_ARN),
        ledger=_ports.ledger(),
        hosting=_ports.hosting(),
        traffic=CloudWatchTraffic(client("cloudwatch")),
        executions=_ports.executions(),
        events=_ports.events(),
        clock=now,
        prices=_ports.prices(),
    )


@cache
def step_cache() -> StepCache:
    from slipway.adapters.clients import client
    from slipway.adapters.s3_fingerprints import S3Fingerprints
    from slipway.domain.timestamps import now
    from slipway.usecases.look_up_steps import StepCache

    return StepCache(_ports.steps(), _ports.ledger(), S3Fingerprints(client("s3")), now)


@cache
def package_intake() -> PackageIntake:
    from slipway.domain.timestamps import now
    from slipway.usecases.take_in_package import PackageIntake

    return PackageIntake(
        ledger=_ports.ledger(),
        registry=_ports.model_registry(),
        tokens=_ports.task_tokens(),
        events=_ports.events(),
        clock=now,
    )


@cache
def asking() -> Ports:
    from slipway.usecases.request_approval import Ports

    return Ports(
        ledger=_ports.ledger(),
        signer=_ports.signer(),
        mailer=_ports.mailer(),
        reports=_ports.reports(),
        events=_ports.events(),
        tokens=_ports.task_tokens(),
        registry=_ports.model_registry(),
    )


@cache
def ask_again() -> AskAgain:
    from slipway.usecases.ask_again import AskAgain

    return AskAgain(
        approvals=_ports.ledger(),
        signer=_ports.signer(),
        mailer=_ports.mailer(),
        reports=_ports.reports(),
        events=_ports.events(),
        approvers=_ports.policy()["approvers"],
        rules=_ports.policy().get("approval_rules", {}),
        base_url=_ports.setting(variables.APPROVAL_URL),
    )


@cache
def outcome_recording() -> OutcomeRecording:
    from slipway.domain.timestamps import now
    from slipway.usecases.record_outcome import OutcomeRecording

    return OutcomeRecording(
        executions=_ports.executions(),
        ledger=_ports.ledger(),
        steps=_ports.steps(),
        events=_ports.events(),
        clock=now,
        promote_machine_arn=_ports.setting(variables.PROMOTE_MACHINE_ARN),
        resource_prefix=_ports.policy()["resource_prefix"],
    )


@cache
def _lineage_sources() -> LineageSources:
    from slipway.adapters.clients import client
    from slipway.adapters.sagemaker_hosting import SageMakerHosting
    from slipway.adapters.sagemaker_jobs import SageMakerJobs
    from slipway.usecases.record_lineage import LineageSources

    return LineageSources(
        ledger=_ports.ledger(),
        executions=_ports.executions(),
        jobs=SageMakerJobs(client("sagemaker")),
        logs=_ports.job_logs(),
        hosting=SageMakerHosting(client("sagemaker")),
        data_sets=_ports.data_sets(),
        reports=_ports.reports(),
        prices=_ports.prices(),
    )


@cache
def lineage_recording(*, patient: bool = True) -> LineageRecording:
    """Who is not ``patient`` does not wait for what another function is about to write."""
    import time

    from slipway.usecases.record_lineage import PAUSES_SECONDS, LineageRecording

    return LineageRecording(
        sources=_lineage_sources(),
        lineage=_ports.lineage(),
        environment=_ports.setting(variables.ENVIRONMENT),
        resource_prefix=_ports.policy()["resource_prefix"],
        data_bucket=_ports.setting(variables.DATA_BUCKET),
        sleep=time.sleep,
        pauses=PAUSES_SECONDS if patient else (),
    )


@cache
def lineage_sweep() -> LineageSweep:
    from slipway.domain.timestamps import now
    from slipway.usecases.sweep_lineage import LineageSweep

    return LineageSweep(
        sources=_lineage_sources(),
        lineage=_ports.lineage(),
        recording=lineage_recording(patient=False),
        promote_machine_arn=_ports.setting(variables.PROMOTE_MACHINE_ARN),
        clock=now,
    )
