"""Training jobs: create, describe, list, stop, delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import in_use, invalid
from workbench.local.sagemaker.job_program import JobControls
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import STOPPED, Caller, Surroundings, arn
from workbench.local.sagemaker.training_run import TrainingRun, closed
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "training-job"
EVENT: Final = "Training Job State Change"
ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})


class TrainingJobs:
    """The training jobs of an account; each runs in a thread of its own."""

    def __init__(self, surroundings: Surroundings, tags: Tags) -> None:
        self._surroundings, self._tags = surroundings, tags
        self._records = surroundings.store.records(KIND)
        self._controls = JobControls()

    def create(self, request: Document, caller: Caller) -> Document:
        name = request["TrainingJobName"]
        caller.may_pass(request["RoleArn"])
        self._check(request)
        now = time.time()
        job = {key: value for key, value in request.items() if key != "Tags"}
        job |= {
            "TrainingJobArn": arn(KIND, name),
            "TrainingJobStatus": "InProgress",
            "SecondaryStatus": "Starting",
            "SecondaryStatusTransitions": [
                {"Status": "Starting", "StartTime": now, "StatusMessage": "Starting the training job"}
            ],
            "EnableManagedSpotTraining": request.get("EnableManagedSpotTraining", False),
            "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
            "EnableInterContainerTrafficEncryption": request.get(
                "EnableInterContainerTrafficEncryption", False
            ),
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if not self._records.add(name, job):
            raise in_use(
                "Training job names must be unique within an AWS account and region, and a training job with "
                f"this name already exists ({arn(KIND, name)})"
            )
        self._tags.put(job["TrainingJobArn"], request.get("Tags", []))
        run = TrainingRun(self._surroundings, self._records, name, self._controls.open(name), self._emit)
        self._emit(job)
        start_thread(f"training-{name}", self._run, run, name)
        return {"TrainingJobArn": job["TrainingJobArn"]}

    def _run(self, run: TrainingRun, name: str) -> None:
        try:
            run.run()
        finally:
            self._controls.close(name)

    def _check(self, request: Document) -> None:
        algorithm = request.get("AlgorithmSpecification") or {}
        if not algorithm.get("TrainingImage"):
            raise invalid(
                "AlgorithmSpecification.TrainingImage is needed: other algorithms are not served here"
            )
        if algorithm.get("TrainingInputMode", "File") == "Pipe":
            raise invalid("TrainingInputMode Pipe is not served here; use File or FastFile")
        channels = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
        if len(channels) != len(set(channels)):
            raise invalid("Channel names must be unique")
        stopping = request.get("StoppingCondition") or {}
        if request.get("EnableManagedSpotTraining"):
            longest, runtime = (
                stopping.get("MaxWaitTimeInSeconds"),
                stopping.get("MaxRuntimeInSeconds", 86400),
            )
            if longest is None or longest < runtime:
                raise invalid(
                    "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                    "MaxRuntimeInSeconds"
                )
        elif "MaxWaitTimeInSeconds" in stopping:
            raise invalid("MaxWaitTimeInSeconds is only allowed with EnableManagedSpotTraining")

    def _emit(self, job: Document) -> None:
        self._surroundings.emit(EVENT, job["TrainingJobArn"], {"Tags": {}, **job})

    def _get(self, name: str) -> Document:
        job = self._records.get(name)
        if job is None:
            raise invalid("Requested resource not found.")
        return job

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self._get(request["TrainingJobName"])

    def stop(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request["TrainingJobName"])
        if job["TrainingJobStatus"] in ENDED:
            raise invalid(
                f"The request was rejected because the training job is in status {job['TrainingJobStatus']}."
            )
        self._records.update(job["TrainingJobName"], TrainingJobStatus="Stopping", SecondaryStatus="Stopping")
        self._controls.stop(job["TrainingJobName"])
        return {}

    def delete(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request["TrainingJobName"])
        if job["TrainingJobStatus"] not in ENDED:
            raise in_use(f"The training job is in status {job['TrainingJobStatus']}; stop it first.")
        self._records.remove(job["TrainingJobName"])
        self._tags.forget(job["TrainingJobArn"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(self._records.all(), request, name="TrainingJobName", status="TrainingJobStatus")
        cut = shape_cutter("TrainingJobSummary")
        return listed("TrainingJobSummaries", [cut(job) for job in found], token)

    def interrupted(self) -> list[Document]:
        """Fail, in the request's scope, what ran when the server ended; the failed jobs: events are due."""
        failed = []
        for job in self._records.all():
            if job["TrainingJobStatus"] not in ENDED:
                changes = closed(job, "Failed", "Failed", "Training job failed") | {"FailureReason": STOPPED}
                failed.append(self._records.put(job["TrainingJobName"], job | changes))
        return failed

    def tell(self, job: Document) -> None:
        """Put a job's state on the event bus."""
        self._emit(job)
