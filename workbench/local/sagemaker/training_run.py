"""One training job's way: download, train, upload."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.local.runner.images import ImageNotFoundError
from workbench.local.runner.program import HOSTNAME
from workbench.local.sagemaker import faulty
from workbench.local.sagemaker.job_program import (
    STOP_GRACE_SECONDS,
    JobControl,
    Outcome,
    container_environment,
    run_program,
)
from workbench.local.sagemaker.surroundings import LogStream, Surroundings
from workbench.local.sagemaker.transfers import RoleStorage, TransferError, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.local.sagemaker.store import Document, Records

logger = logging.getLogger("slipway.sagemaker")
LOG_GROUP: Final = "/aws/sagemaker/TrainingJobs"
DEFAULT_RUNTIME: Final = 86400
FAILURE_CHARACTERS: Final = 1024
CHECKPOINT_SECONDS: Final = 5.0
DIRECTORIES: Final = ("input/config", "input/data", "model", "output/data", "checkpoints", "code")
MESSAGES: Final = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Resource released due to max runtime exceeded",
}


def moved(job: Document, secondary: str, message: str) -> list[Document]:
    """The job's transitions, the last one ended, ``secondary`` added."""
    now = time.time()
    transitions: list[Document] = [dict(each) for each in job.get("SecondaryStatusTransitions", [])]
    if transitions and "EndTime" not in transitions[-1]:
        transitions[-1]["EndTime"] = now
    return [*transitions, {"Status": secondary, "StartTime": now, "StatusMessage": message}]


def closed(job: Document, status: str, secondary: str, message: str) -> Document:
    """What changes when a job ends."""
    now = time.time()
    transitions = moved(job, secondary, message)
    transitions[-1]["EndTime"] = now
    started = job.get("TrainingStartTime")
    seconds = max(1, math.ceil(now - started)) if started else 0
    return {
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary,
        "SecondaryStatusTransitions": transitions,
        "TrainingEndTime": now,
        "LastModifiedTime": now,
        "TrainingTimeInSeconds": seconds,
        "BillableTimeInSeconds": seconds,
    }


class MetricReader:
    """Finds MetricDefinitions in a log; the last value of each is the final one."""

    def __init__(self, definitions: list[Document]) -> None:
        self._expressions: list[tuple[str, re.Pattern[str]]] = []
        for definition in definitions:
            self._expressions.append((definition["Name"], re.compile(definition["Regex"])))
        self.final: dict[str, Document] = {}

    def read(self, line: str) -> list[tuple[str, float]]:
        """The values that one line tells."""
        found: list[tuple[str, float]] = []
        for name, expression in self._expressions:
            for match in expression.finditer(line):
                try:
                    value = float(match.group(1))
                except (IndexError, TypeError, ValueError):
                    continue
                self.final[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}
                found.append((name, value))
        return found


class TrainingRun:
    """
    Args:
        records: The training jobs; this one is changed as it goes on.
        emit: Called with the job whenever its state has changed.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        records: Records,
        name: str,
        control: JobControl,
        emit: Callable[[Document], Any],
    ) -> None:
        self._surroundings, self._records, self._name = surroundings, records, name
        self._control, self._emit = control, emit
        self._job: Document = records.get(name) or {}
        self._sent: dict[str, tuple[int, int]] = {}
        self._checkpoint_due = 0.0

    def run(self) -> None:
        """All of it; ends with the job Completed, Failed or Stopped."""
        work = self._surroundings.new_work(self._name)
        try:
            self._work(work)
        except TransferError as error:
            self._fail(f"ClientError: Data download failed:{error.message}")
        except ImageNotFoundError as error:
            self._fail(f"ClientError: Cannot pull the training image: {error}")
        except re.error as error:
            self._fail(f"ClientError: a metric definition is no regular expression: {error}")
        except (SlipwayError, OSError) as error:
            self._fail(f"InternalServerError: {error}")
        except Exception as error:
            logger.exception("training job %s", self._name)
            self._fail(f"InternalServerError: {error!r}")
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _work(self, work: Path) -> None:
        if faulty.has_no_instances(self._surroundings, "CreateTrainingJob"):
            self._fail(faulty.NO_CAPACITY_FOR_JOB)
            return
        job, ml = self._job, work / "ml"
        for directory in DIRECTORIES:
            (ml / directory).mkdir(parents=True, exist_ok=True)
        storage = RoleStorage(self._surroundings.server.endpoint_url, job["RoleArn"], self._name)
        self._move("Downloading")
        image = self._surroundings.images.unpack(job["AlgorithmSpecification"]["TrainingImage"])
        self._download(ml, storage)
        if self._control.stopping.is_set():
            self._close("Stopped", "Stopped")
            return
        self._move("Training", TrainingStartTime=time.time())
        outcome = self._train(image, work, storage)
        if outcome.cause == "ended" and outcome.exit_code != 0:
            self._upload_output(ml, storage)
            self._sync_checkpoints(ml, storage, force=True)
            self._fail(_failure_reason(ml, outcome))
            return
        self._move("Uploading")
        try:
            self._upload(ml, storage)
        except TransferError as error:
            self._fail(f"ClientError: Artifact upload failed:{error.message}")
            return
        if outcome.cause == "overtime":
            self._close("Stopped", "MaxRuntimeExceeded")
        elif outcome.cause == "stopped":
            self._close("Stopped", "Stopped")
        else:
            self._close("Completed", "Completed")

    def _train(self, image: Any, work: Path, storage: RoleStorage) -> Outcome:
        job = self._job
        algorithm = job["AlgorithmSpecification"]
        metrics = MetricReader(algorithm.get("MetricDefinitions", []))
        entrypoint = algorithm.get("ContainerEntrypoint")
        arguments = algorithm.get("ContainerArguments", [] if entrypoint else ["train"])
        command = [*(entrypoint or image.entrypoint), *arguments]

        def line(text: str) -> None:
            for name, value in metrics.read(text):
                dimensions = {"TrainingJobName": self._name, "Host": HOSTNAME}
                self._surroundings.measure(LOG_GROUP, dimensions, (name, value, "None"))

        outcome = run_program(
            self._surroundings,
            image,
            work,
            self._control,
            command=command,
            environment=container_environment(
                self._surroundings,
                job["RoleArn"],
                self._name,
                {
                    "TRAINING_JOB_NAME": self._name,
                    "TRAINING_JOB_ARN": job["TrainingJobArn"],
                    **job.get("Environment", {}),
                },
            ),
            isolated=job.get("EnableNetworkIsolation", False),
            seconds=(job.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", DEFAULT_RUNTIME),
            grace_seconds=float(os.environ.get("SLIPWAY_STOP_GRACE_SECONDS", STOP_GRACE_SECONDS)),
            log=LogStream(LOG_GROUP, f"{self._name}/{HOSTNAME}-{int(time.time())}"),
            line=line,
            turn=lambda: self._sync_checkpoints(work / "ml", storage),
        )
        if metrics.final:
            self._change(FinalMetricDataList=list(metrics.final.values()))
        return outcome

    def _download(self, ml: Path, storage: RoleStorage) -> None:
        job = self._job
        configuration = ml / "input" / "config"
        mode = job["AlgorithmSpecification"].get("TrainingInputMode", "File")
        described = {}
        for channel in job.get("InputDataConfig", []):
            source = (channel.get("DataSource") or {}).get("S3DataSource")
            if source is None:
                raise TransferError("Unsupported", "only S3 data sources are served here")
            storage.fetch_source(
                source["S3Uri"],
                ml / "input" / "data" / channel["ChannelName"],
                manifest=source["S3DataType"] != "S3Prefix",
            )
            described[channel["ChannelName"]] = {
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
                "TrainingInputMode": channel.get("InputMode", mode),
                "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            }
        resources = job["ResourceConfig"]
        instance_type = resources.get("InstanceType", "")
        documents = {
            "hyperparameters.json": job.get("HyperParameters", {}),
            "inputdataconfig.json": described,
            "resourceconfig.json": {
                "current_host": HOSTNAME,
                "current_instance_type": instance_type,
                "current_group_name": "homogeneousCluster",
                "hosts": [HOSTNAME],
                "instance_groups": [
                    {
                        "instance_group_name": "homogeneousCluster",
                        "instance_type": instance_type,
                        "hosts": [HOSTNAME],
                    }
                ],
                "network_interface_name": "lo",
            },
        }
        for name, document in documents.items():
            (configuration / name).write_text(json.dumps(document), encoding="utf-8")
        if (checkpoints := self._checkpoints(ml)) is not None:
            local, uri = checkpoints
            try:
                storage.fetch_source(uri, local)
            except TransferError as error:
                if error.code != "NoObjects":
                    raise

    def _checkpoints(self, ml: Path) -> tuple[Path, str] | None:
        configuration = self._job.get("CheckpointConfig")
        if not configuration:
            return None
        local = configuration.get("LocalPath", "/opt/ml/checkpoints").removeprefix("/opt/ml").strip("/")
        directory = ml / (local or "checkpoints")
        directory.mkdir(parents=True, exist_ok=True)
        return directory, configuration["S3Uri"]

    def _sync_checkpoints(self, ml: Path, storage: RoleStorage, *, force: bool = False) -> None:
        now = time.monotonic()
        if (checkpoints := self._checkpoints(ml)) is None or (now < self._checkpoint_due and not force):
            return
        self._checkpoint_due = now + CHECKPOINT_SECONDS
        storage.put_tree(*checkpoints, self._sent)

    def _upload(self, ml: Path, storage: RoleStorage) -> None:
        output = self._job["OutputDataConfig"]
        base = f"{output['S3OutputPath'].rstrip('/')}/{self._name}/output"
        self._sync_checkpoints(ml, storage, force=True)
        if output.get("CompressionType", "GZIP") == "NONE":
            storage.put_tree(ml / "model", f"{base}/model")
            artifact = f"{base}/model/"
        else:
            artifact = f"{base}/model.tar.gz"
            pack(ml / "model", ml / "model.tar.gz")
            storage.put_file(artifact, ml / "model.tar.gz")
        self._upload_output(ml, storage)
        self._change(ModelArtifacts={"S3ModelArtifacts": artifact})

    def _upload_output(self, ml: Path, storage: RoleStorage) -> None:
        data = ml / "output" / "data"
        if any(data.iterdir()):
            base = f"{self._job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self._name}/output"
            pack(data, ml / "output.tar.gz")
            storage.put_file(f"{base}/output.tar.gz", ml / "output.tar.gz")

    def _change(self, **changes: Any) -> None:
        merged = {"LastModifiedTime": time.time()} | changes
        self._job = self._records.update(self._name, **merged) or self._job

    def _move(self, secondary: str, **changes: Any) -> None:
        if self._control.stopping.is_set():
            self._change(**changes)
            return
        self._change(
            SecondaryStatus=secondary,
            SecondaryStatusTransitions=moved(self._job, secondary, MESSAGES[secondary]),
            **changes,
        )
        self._emit(self._job)

    def _close(self, status: str, secondary: str, **changes: Any) -> None:
        self._change(**(closed(self._job, status, secondary, MESSAGES[secondary]) | changes))
        self._emit(self._job)

    def _fail(self, reason: str) -> None:
        self._close("Failed", "Failed", FailureReason=reason[:FAILURE_CHARACTERS])


def _failure_reason(ml: Path, outcome: Outcome) -> str:
    failure = ml / "output" / "failure"
    if failure.is_file():
        told = failure.read_text(encoding="utf-8", errors="replace")[:FAILURE_CHARACTERS].strip()
        return (
            f"AlgorithmError: {told}, exit code: {outcome.exit_code}"
            if told
            else (f"AlgorithmError: , exit code: {outcome.exit_code}")
        )
    last = next((line for line in reversed(outcome.tail) if line.strip()), "")
    return f'AlgorithmError: ErrorMessage "{last[:700]}", exit code: {outcome.exit_code}'
