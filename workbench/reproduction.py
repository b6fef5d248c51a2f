"""Trains and evaluates a recorded release again, and measures what came of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.container import REPORT_FILE
from slipway.domain.artifacts import ArtifactUnreadableError
from slipway.domain.errors import SlipwayError
from slipway.domain.measurement import Measurement
from slipway.domain.reproduction import Outcome
from slipway.domain.reproduction_requests import evaluation_again, training_again

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.release import Plan
    from slipway.usecases.ports import Artifacts, Reports

RUNNING: Final = ("InProgress", "Stopping")


class ReproductionFailedError(SlipwayError):
    """A job of a reproduction did not complete."""

    def __init__(self, job: str, status: str, reason: str) -> None:
        super().__init__(f"job {job} ended as {status}: {reason or 'SageMaker names no reason'}")
        self.job, self.status, self.reason = job, status, reason


@dataclass(frozen=True, slots=True)
class Reproduction:
    """
    One run of it.

    Attributes:
        plan: The release's.
        name: Of the training job.
        folder: Where all of it lies, with a slash at its end.
        sagemaker: boto3's client.
        artifacts: Reads digests.
        reports: Reads evaluations.
        pause: Seconds between two looks at a job.
        progress: Is told each step.
    """

    plan: Plan
    name: str
    folder: str
    sagemaker: Any
    artifacts: Artifacts
    reports: Reports
    pause: float
    progress: Callable[[str], None]

    def start(self) -> None:
        """Ask for the training."""
        self.sagemaker.create_training_job(**training_again(self.plan, name=self.name, folder=self.folder))

    def outcome(self, *, evaluate: bool) -> Outcome:
        """
        Wait for the training, evaluate what it made, and measure both.

        Raises:
            ReproductionFailedError: A job failed or was stopped.
        """
        trained = self._ended(
            "training", lambda: self.sagemaker.describe_training_job(TrainingJobName=self.name)
        )
        model_uri = trained["ModelArtifacts"]["S3ModelArtifacts"]
        metrics = {one["MetricName"]: float(one["Value"]) for one in trained.get("FinalMetricDataList", ())}
        self.progress("  reading the artifact")
        return Outcome(
            artifact=self.artifacts.digests(model_uri),
            training=metrics,
            evaluation=self._evaluated(model_uri) if evaluate else None,
        )

    def _evaluated(self, model_uri: str) -> Mapping[str, float]:
        name = f"{self.name}-e"
        describe = lambda: self.sagemaker.describe_processing_job(ProcessingJobName=name)  # noqa: E731
        self.sagemaker.create_processing_job(
            **evaluation_again(self.plan, name=name, folder=self.folder, model_uri=model_uri)
        )
        self._ended("evaluation", describe)
        uri = f"{self.folder}evaluation/{REPORT_FILE}"
        measured = Measurement.read(self.reports.read(uri), uri)
        if measured.problem:
            raise ReproductionFailedError(name, "Completed", measured.problem)
        return dict(measured.metrics)

    def _ended(self, what: str, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        began = time.monotonic()
        while True:
            job = describe()
            name = str(job.get("TrainingJobName") or job.get("ProcessingJobName"))
            status = str(job.get("TrainingJobStatus") or job.get("ProcessingJobStatus"))
            if status not in RUNNING:
                break
            time.sleep(self.pause)
        if status != "Completed":
            raise ReproductionFailedError(
                name, status, str(job.get("FailureReason") or job.get("ExitMessage") or "")
            )
        self.progress(f"  ✓ {what} again  {time.monotonic() - began:8.2f} s  {name}")
        return job


def recorded_outcome(version: VersionRecord, *, artifacts: Artifacts, reports: Reports) -> Outcome:
    """What is recorded of a version; digests are worked out where an older one has none."""
    digests = version.get("artifact")
    if digests is None:
        try:
            digests = artifacts.digests(version["model_uri"])
        except ArtifactUnreadableError:
            digests = None  # removed, and of a time when no digest was kept
    text = reports.read(version["report_uri"])
    evidence = json.loads(text) if isinstance(text, str) else {}
    metrics = {name: float(value) for name, value in evidence.get("training_metrics", {}).items()}
    # where a task is named the version's metrics are the platform's; made again, only the image measures
    said = (evidence.get("rows") or {}).get("reported") or version["metrics"]
    return Outcome(artifact=digests, training=metrics, evaluation=dict(said))
