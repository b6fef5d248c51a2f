"""Nodes of training and evaluation jobs, from SageMaker's descriptions of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts.lineage import node_id
from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.derivation import artifact_id, contributed, data_set_id, image_id, node_of, time_text
from slipway.domain.image_source import installed_in
from slipway.domain.jobs import MODEL_INPUT
from slipway.domain.metric_curves import JobLog, curves_of
from slipway.domain.package_lineage import artifact_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.lineage import NodeFacts
    from slipway.contracts.lineage_facts import EvaluationFacts, TrainingFacts
    from slipway.contracts.release import PinnedDataSet

Side = Literal["challenger", "champion"]
TRAINING_LOGS: Final = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS: Final = "/aws/sagemaker/ProcessingJobs"
ENDED: Final = ("Completed", "Failed", "Stopped")
"""A job in one of these states changes no more; its log may still grow for a while."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Who asked for a job, and with what data.

    Attributes:
        project: Of its tag, or its release.
        model: Empty where the tag is missing.
        version: Of the release; empty for an experiment.
        release_id: Empty for an experiment.
        reproduces: The release that an experiment trains again; empty: none.
        channels: What it reads.
        data_sets: The ids of these data set versions.
        has_source: The release knows from its image's label which libraries it holds.
        side: Of an evaluation.
    """

    project: str
    model: str = ""
    version: str = ""
    release_id: str = ""
    reproduces: str = ""
    channels: Sequence[PinnedDataSet] = field(default=())
    data_sets: Sequence[str] = field(default=())
    has_source: bool = False
    side: Side = "challenger"


def job_revision(described: Mapping[str, Any]) -> str:
    """What ``as_of`` of a job's node begins with: SageMaker's own clock; its listings tell it, too."""
    return time_text(described.get("LastModifiedTime") or described["CreationTime"]) or ""


def training_nodes(
    described: Mapping[str, Any], asked: Asked, log: JobLog, prices: Prices = LIST_PRICES
) -> list[NodeFacts]:
    """
    A training job and, once there is one, its artifact.

    Args:
        described: DescribeTrainingJob.
        asked: Who asked for it.
        log: What it wrote; empty while it runs.
        prices: Of instances.
    """
    name = described["TrainingJobName"]
    algorithm = described.get("AlgorithmSpecification") or {}
    image_uri = algorithm.get("TrainingImage", "")
    resources = described.get("ResourceConfig") or {}
    began = described.get("TrainingStartTime") or described["CreationTime"]
    curves = curves_of(
        log.lines, algorithm.get("MetricDefinitions") or (), began=int(began.timestamp() * 1000)
    )
    count = int(resources.get("InstanceCount", 1))
    billed = described.get("BillableTimeInSeconds")
    installed = next(filter(None, (installed_in(line.text) for line in log.lines)), None)
    facts: TrainingFacts = {
        "job_name": name,
        "job_arn": described["TrainingJobArn"],
        "status": described["TrainingJobStatus"],
        "project": asked.project,
        "image_uri": image_uri,
        "channels": list(asked.channels),
        "hyperparameters": dict(described.get("HyperParameters") or {}),
        "instance_type": str(resources.get("InstanceType", "")),
        "instance_count": count,
        "spot": bool(described.get("EnableManagedSpotTraining")),
        "metrics": {
            metric["MetricName"]: float(metric["Value"])
            for metric in described.get("FinalMetricDataList") or ()
            if math.isfinite(metric["Value"])
        },
        "log": f"{TRAINING_LOGS}/{name}/",
    }
    node = node_of(
        "training-job",
        name,
        title=name,
        facts={
            **facts,
            **_asked_for(asked),
            **_times(described, began, described.get("TrainingEndTime")),
            "seconds": described.get("TrainingTimeInSeconds"),
            "billable_seconds": billed,
            "cost_usd": _cost(prices, facts["instance_type"], count, billed),
            "curves": curves or None,
            "installed": None if asked.has_source else installed,
            **_failure(described, described["TrainingJobStatus"], log),
        },
        inputs=contributed(
            *asked.data_sets,
            image_id(image_uri),
            node_id("release", asked.release_id) if asked.release_id else "",
        ),
        as_of=_as_of(described, log),
    )
    uri = (described.get("ModelArtifacts") or {}).get("S3ModelArtifacts", "")
    return [node, artifact_node(uri)] if uri else [node]


def evaluation_node(
    described: Mapping[str, Any], asked: Asked, log: JobLog, prices: Prices = LIST_PRICES
) -> NodeFacts:
    """
    An evaluation job.

    Args:
        described: DescribeProcessingJob.
        asked: Who asked for it; ``version`` is the evaluated model's.
        log: What it wrote, if it failed.
        prices: Of instances.
    """
    name, status = described["ProcessingJobName"], described["ProcessingJobStatus"]
    image_uri = (described.get("AppSpecification") or {}).get("ImageUri", "")
    cluster = (described.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    began, ended = described.get("ProcessingStartTime"), described.get("ProcessingEndTime")
    seconds = round((ended - began).total_seconds(), 3) if began and ended else None
    model = next(
        (
            entry["S3Input"]["S3Uri"]
            for entry in described.get("ProcessingInputs") or ()
            if entry["InputName"] == MODEL_INPUT
        ),
        "",
    )
    facts: EvaluationFacts = {
        "job_name": name,
        "job_arn": described["ProcessingJobArn"],
        "status": status,
        "release_id": asked.release_id,
        "side": asked.side,
        "version": asked.version,
        "image_uri": image_uri,
        "channels": list(asked.channels),
        "instance_type": str(cluster.get("InstanceType", "")),
        "log": f"{PROCESSING_LOGS}/{name}/",
    }
    return node_of(
        "evaluation-job",
        name,
        title=name,
        facts={
            **facts,
            **_times(described, began or described["CreationTime"], ended),
            "seconds": seconds,
            "cost_usd": _cost(prices, facts["instance_type"], int(cluster.get("InstanceCount", 1)), seconds),
            **_failure(described, status, log),
        },
        inputs=contributed(
            artifact_id(model),
            *asked.data_sets,
            image_id(image_uri),
        ),
        as_of=_as_of(described, log),
    )


def training_asked(plan: Mapping[str, Any]) -> Asked:
    """Who asked for a training of a release."""
    return Asked(
        project=plan["project"],
        model=plan["model"],
        version=plan["version"],
        release_id=plan["release_id"],
        channels=plan["training_data"],
        data_sets=[data_set_id(plan["project"], one) for one in plan["training_data"]],
        has_source=bool((plan.get("source") or {}).get("libraries")),
    )


def evaluation_asked(plan: Mapping[str, Any], job_name: str) -> Asked:
    """Who asked for an evaluation of a release: its name tells the side, and the side the version."""
    champion = plan.get("champion") or {}
    side: Side = "champion" if job_name.startswith(f"{plan['job_names']['champion']}-") else "challenger"
    return Asked(
        project=plan["project"],
        model=plan["model"],
        version=str(champion.get("version", "")) if side == "champion" else plan["version"],
        release_id=plan["release_id"],
        channels=plan["evaluation_data"],
        data_sets=[data_set_id(plan["project"], one) for one in plan["evaluation_data"]],
        side=side,
    )


def _as_of(described: Mapping[str, Any], log: JobLog) -> str:
    # a log arrives later than the end it tells of, and is deleted some day: who read more of it knows better
    return f"{job_revision(described)}/{len(log.lines):08d}"


def _asked_for(asked: Asked) -> dict[str, str | None]:
    return {
        "model": asked.model or None,
        "version": asked.version or None,
        "release_id": asked.release_id or None,
        "reproduces": asked.reproduces or None,
    }


def _times(described: Mapping[str, Any], began: Any, ended: Any) -> dict[str, str | None]:
    return {"started_at": time_text(began or described["CreationTime"]), "ended_at": time_text(ended)}


def _cost(prices: Prices, instance_type: str, count: int, seconds: float | None) -> float | None:
    usd = None if seconds is None else prices.instance_usd(instance_type, count, seconds)
    return None if usd is None else round(usd, 6)


def _failure(described: Mapping[str, Any], status: str, log: JobLog) -> dict[str, Any]:
    if status not in ("Failed", "Stopped"):
        return {}
    return {"failure": described.get("FailureReason") or None, "last_lines": log.ending() or None}
