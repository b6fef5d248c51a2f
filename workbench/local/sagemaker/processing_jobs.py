"""Processing jobs: create, describe, list, stop, delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import in_use, invalid
from workbench.local.sagemaker.job_program import JobControls
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.processing_run import ProcessingRun
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import STOPPED, Caller, Surroundings, arn
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "processing-job"
EVENT: Final = "Processing Job State Change"
ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})
ROOT: Final = "/opt/ml/processing/"


class ProcessingJobs:
    """The processing jobs of an account; each runs in a thread of its own."""

    def __init__(self, surroundings: Surroundings, tags: Tags) -> None:
        self._surroundings, self._tags = surroundings, tags
        self._records = surroundings.store.records(KIND)
        self._controls = JobControls()

    def create(self, request: Document, caller: Caller) -> Document:
        name = request["ProcessingJobName"]
        caller.may_pass(request["RoleArn"])
        self._check(request)
        now = time.time()
        job = {key: value for key, value in request.items() if key != "Tags"}
        job |= {
            "ProcessingJobArn": arn(KIND, name),
            "ProcessingJobStatus": "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if not self._records.add(name, job):
            raise in_use(
                "Job name must be unique within an AWS account and region, and a job with this name already "
                f"exists ({arn(KIND, name)})"
            )
        self._tags.put(job["ProcessingJobArn"], request.get("Tags", []))
        run = ProcessingRun(self._surroundings, self._records, name, self._controls.open(name), self.tell)
        self.tell(job)
        start_thread(f"processing-{name}", self._run, run, name)
        return {"ProcessingJobArn": job["ProcessingJobArn"]}

    def _run(self, run: ProcessingRun, name: str) -> None:
        try:
            run.run()
        finally:
            self._controls.close(name)

    def _check(self, request: Document) -> None:
        names: list[str] = []
        for entry in request.get("ProcessingInputs", []):
            names.append(entry["InputName"])
            source = entry.get("S3Input")
            if source is None:
                raise invalid(
                    f"Processing input {entry['InputName']} needs S3Input: others are not served here"
                )
            if not source.get("LocalPath", "").startswith(ROOT):
                raise invalid(
                    f"LocalPath {source.get('LocalPath')!r} of input {entry['InputName']} "
                    f"must begin with {ROOT}"
                )
        outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs", [])
        for entry in outputs:
            target = entry.get("S3Output")
            if target is None or not (target.get("LocalPath") or "").startswith(ROOT):
                raise invalid(f"Output {entry['OutputName']} needs an S3Output with a LocalPath below {ROOT}")
        for found, kind in ((names, "input"), ([each["OutputName"] for each in outputs], "output")):
            if len(found) != len(set(found)):
                raise invalid(f"Processing {kind} names must be unique")

    def tell(self, job: Document) -> None:
        """Put a job's state on the event bus."""
        self._surroundings.emit(EVENT, job["ProcessingJobArn"], {"Tags": {}, **job})

    def _get(self, name: str) -> Document:
        job = self._records.get(name)
        if job is None:
            raise invalid(f"Could not find requested job with name: {name}")
        return job

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self._get(request["ProcessingJobName"])

    def stop(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request["ProcessingJobName"])
        if job["ProcessingJobStatus"] in ENDED:
            raise invalid(
                "The request was rejected because the processing job is in status "
                f"{job['ProcessingJobStatus']}."
            )
        self._records.update(job["ProcessingJobName"], ProcessingJobStatus="Stopping")
        self._controls.stop(job["ProcessingJobName"])
        return {}

    def delete(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request["ProcessingJobName"])
        if job["ProcessingJobStatus"] not in ENDED:
            raise in_use(f"The processing job is in status {job['ProcessingJobStatus']}; stop it first.")
        self._records.remove(job["ProcessingJobName"])
        self._tags.forget(job["ProcessingJobArn"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(
            self._records.all(), request, name="ProcessingJobName", status="ProcessingJobStatus"
        )
        cut = shape_cutter("ProcessingJobSummary")
        return listed("ProcessingJobSummaries", [cut(job) for job in found], token)

    def interrupted(self) -> list[Document]:
        """Fail, in the request's scope, what ran when the server ended; the failed jobs: events are due."""
        now = time.time()
        return [
            self._records.put(
                job["ProcessingJobName"],
                job
                | {
                    "ProcessingJobStatus": "Failed",
                    "FailureReason": STOPPED,
                    "ProcessingEndTime": now,
                    "LastModifiedTime": now,
                },
            )
            for job in self._records.all()
            if job["ProcessingJobStatus"] not in ENDED
        ]
