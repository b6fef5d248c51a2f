"""One processing job's way: inputs in, program, outputs out."""

from __future__ import annotations

import json
import logging
import os
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
from workbench.local.sagemaker.transfers import RoleStorage, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.local.sagemaker.store import Document, Records

logger = logging.getLogger("slipway.sagemaker")
LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
DEFAULT_RUNTIME: Final = 86400
MESSAGE_CHARACTERS: Final = 1024
CONTINUOUS_SECONDS: Final = 2.0


class ProcessingRun:
    """
    Args:
        records: The processing jobs; this one is changed as it goes on.
        emit: Called with the job when it has ended.
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
        self._sent: dict[str, dict[str, tuple[int, int]]] = {}
        self._due = 0.0

    def run(self) -> None:
        """All of it; ends with the job Completed, Failed or Stopped."""
        work = self._surroundings.new_work(self._name)
        try:
            self._work(work)
        except TransferError as error:
            self._close("Failed", FailureReason=f"ClientError: Data download failed:{error.message}")
        except ImageNotFoundError as error:
            self._close("Failed", FailureReason=f"ClientError: Cannot pull the image: {error}")
        except (SlipwayError, OSError) as error:
            self._close("Failed", FailureReason=f"InternalServerError: {error}")
        except Exception as error:
            logger.exception("processing job %s", self._name)
            self._close("Failed", FailureReason=f"InternalServerError: {error!r}")
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _local(self, ml: Path, path: str) -> Path:
        return ml / path.removeprefix("/opt/ml/").strip("/")

    def _work(self, work: Path) -> None:
        if faulty.has_no_instances(self._surroundings, "CreateProcessingJob"):
            self._close("Failed", FailureReason=faulty.NO_CAPACITY_FOR_JOB)
            return
        job, ml = self._job, work / "ml"
        for directory in ("config", "output", "processing"):
            (ml / directory).mkdir(parents=True)
        image = self._surroundings.images.unpack(job["AppSpecification"]["ImageUri"])
        storage = RoleStorage(self._surroundings.server.endpoint_url, job["RoleArn"], self._name)
        for entry in job.get("ProcessingInputs", []):
            source = entry["S3Input"]
            storage.fetch_source(
                source["S3Uri"],
                self._local(ml, source["LocalPath"]),
                manifest=source["S3DataType"] == "ManifestFile",
            )
        for entry in self._outputs():
            self._local(ml, entry["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        self._write_configuration(ml)
        if self._control.stopping.is_set():
            self._close("Stopped")
            return
        self._job = self._records.update(self._name, ProcessingStartTime=time.time()) or self._job
        outcome = self._process(image, work, storage)
        try:
            self._upload(ml, storage, modes=("EndOfJob", "Continuous"))
        except TransferError as error:
            self._close("Failed", FailureReason=f"ClientError: Output upload failed:{error.message}")
            return
        self._end(ml, outcome)

    def _end(self, ml: Path, outcome: Outcome) -> None:
        message = ml / "output" / "message"
        told: dict[str, Any] = {}
        if message.is_file():
            told["ExitMessage"] = message.read_text(encoding="utf-8", errors="replace")[:MESSAGE_CHARACTERS]
        if outcome.cause == "stopped":
            self._close("Stopped", **told)
        elif outcome.cause == "overtime":
            self._close(
                "Stopped", **told, FailureReason="MaxRuntimeExceeded: the job ran past MaxRuntimeInSeconds"
            )
        elif outcome.exit_code:
            last = next((line for line in reversed(outcome.tail) if line.strip()), "")
            told.setdefault("ExitMessage", last[:MESSAGE_CHARACTERS])
            self._close(
                "Failed",
                **told,
                FailureReason="AlgorithmError: See job logs for more information, "
                f"exit code: {outcome.exit_code}",
            )
        else:
            self._close("Completed", **told)

    def _process(self, image: Any, work: Path, storage: RoleStorage) -> Outcome:
        job = self._job
        application = job["AppSpecification"]
        entrypoint = application.get("ContainerEntrypoint")
        arguments = application.get("ContainerArguments", [] if entrypoint else list(image.command))
        return run_program(
            self._surroundings,
            image,
            work,
            self._control,
            command=[*(entrypoint or image.entrypoint), *arguments],
            environment=container_environment(
                self._surroundings,
                job["RoleArn"],
                self._name,
                {
                    "PROCESSING_JOB_NAME": self._name,
                    "PROCESSING_JOB_ARN": job["ProcessingJobArn"],
                    **job.get("Environment", {}),
                },
            ),
            isolated=(job.get("NetworkConfig") or {}).get("EnableNetworkIsolation", False),
            seconds=(job.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", DEFAULT_RUNTIME),
            grace_seconds=float(os.environ.get("SLIPWAY_STOP_GRACE_SECONDS", STOP_GRACE_SECONDS)),
            log=LogStream(LOG_GROUP, f"{self._name}/{HOSTNAME}-{int(time.time())}"),
            turn=lambda: self._upload_now_and_then(work / "ml", storage),
        )

    def _outputs(self) -> list[Document]:
        outputs: list[Document] = (self._job.get("ProcessingOutputConfig") or {}).get("Outputs", [])
        return outputs

    def _upload_now_and_then(self, ml: Path, storage: RoleStorage) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + CONTINUOUS_SECONDS
            self._upload(ml, storage, modes=("Continuous",))

    def _upload(self, ml: Path, storage: RoleStorage, *, modes: tuple[str, ...]) -> None:
        for entry in self._outputs():
            target = entry["S3Output"]
            if target["S3UploadMode"] in modes:
                storage.put_tree(
                    self._local(ml, target["LocalPath"]),
                    target["S3Uri"],
                    self._sent.setdefault(entry["OutputName"], {}),
                )

    def _write_configuration(self, ml: Path) -> None:
        job = self._job
        resources = job["ProcessingResources"]["ClusterConfig"]
        members = (
            "ProcessingJobArn",
            "ProcessingJobName",
            "AppSpecification",
            "Environment",
            "ProcessingInputs",
            "ProcessingOutputConfig",
            "ProcessingResources",
            "RoleArn",
            "StoppingCondition",
        )
        documents = {
            "processingjobconfig.json": {member: job[member] for member in members if member in job},
            "resourceconfig.json": {
                "current_host": HOSTNAME,
                "hosts": [HOSTNAME],
                "current_instance_type": resources["InstanceType"],
                "network_interface_name": "lo",
            },
        }
        for name, document in documents.items():
            (ml / "config" / name).write_text(json.dumps(document), encoding="utf-8")

    def _close(self, status: str, **changes: Any) -> None:
        now = time.time()
        self._job = (
            self._records.update(
                self._name, ProcessingJobStatus=status, ProcessingEndTime=now, LastModifiedTime=now, **changes
            )
            or self._job
        )
        self._emit(self._job)
