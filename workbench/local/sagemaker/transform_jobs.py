"""Batch transform jobs: create, describe, list, stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import in_use, invalid
from workbench.local.sagemaker.job_program import JobControls
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import STOPPED, Caller, Surroundings, arn
from workbench.local.sagemaker.transform_join import Join
from workbench.local.sagemaker.transform_run import TransformRun
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from workbench.local.sagemaker.models import Models
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

KIND: Final = "transform-job"
EVENT: Final = "Transform Job State Change"
ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})
LARGEST_AT_A_TIME_MB: Final = 100
SPLITS: Final = ("None", "Line")
SOURCES: Final = ("S3Prefix", "ManifestFile")


class TransformJobs:
    """The transform jobs of an account; each runs in a thread of its own."""

    def __init__(self, surroundings: Surroundings, tags: Tags, models: Models) -> None:
        self._surroundings, self._tags, self._models = surroundings, tags, models
        self._records = surroundings.store.records(KIND)
        self._controls = JobControls()

    def create(self, request: Document, _caller: Caller) -> Document:
        name, now = request["TransformJobName"], time.time()
        model = self._models.get(request["ModelName"])
        self._check(request)
        job = {key: value for key, value in request.items() if key != "Tags"}
        job |= {
            "TransformJobArn": arn(KIND, name),
            "TransformJobStatus": "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if not self._records.add(name, job):
            raise in_use(
                "Job name must be unique within an AWS account and region, and a job with this name already "
                f"exists ({arn(KIND, name)})"
            )
        self._tags.put(job["TransformJobArn"], request.get("Tags", []))
        run = TransformRun(
            self._surroundings, self._records, name, model, self._controls.open(name), self.tell
        )
        self.tell(job)
        start_thread(f"transform-{name}", self._run, run, name)
        return {"TransformJobArn": job["TransformJobArn"]}

    def _run(self, run: TransformRun, name: str) -> None:
        try:
            run.run()
        finally:
            self._controls.close(name)

    def _check(self, request: Document) -> None:
        source = request["TransformInput"]["DataSource"].get("S3DataSource")
        if source is None or source["S3DataType"] not in SOURCES:
            raise invalid(f"TransformInput needs an S3DataSource whose type is one of {', '.join(SOURCES)}")
        split = request["TransformInput"].get("SplitType", "None")
        if split not in SPLITS:
            raise invalid(f"SplitType {split} is not served here: {' and '.join(SPLITS)} are")
        if split == "None" and request.get("BatchStrategy") == "MultiRecord":
            raise invalid("BatchStrategy MultiRecord needs a SplitType")
        if "DataCaptureConfig" in request:
            raise invalid("DataCaptureConfig of transform jobs is not served here")
        payload, at_a_time = request.get("MaxPayloadInMB", 6), request.get("MaxConcurrentTransforms", 1)
        if payload * at_a_time > LARGEST_AT_A_TIME_MB:
            raise invalid(
                "MaxConcurrentTransforms * MaxPayloadInMB must be less than or equal to "
                f"{LARGEST_AT_A_TIME_MB}, not {payload * at_a_time}"
            )
        Join(request)

    def tell(self, job: Document) -> None:
        """Put a job's state on the event bus."""
        self._surroundings.emit(EVENT, job["TransformJobArn"], {"Tags": {}, **job})

    def _get(self, name: str) -> Document:
        job = self._records.get(name)
        if job is None:
            raise invalid(f"Could not find requested job with name: {name}")
        return job

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self._get(request["TransformJobName"])

    def stop(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request["TransformJobName"])
        if job["TransformJobStatus"] in ENDED:
            raise invalid(
                "The request was rejected because the transform job is in status "
                f"{job['TransformJobStatus']}."
            )
        self._records.update(job["TransformJobName"], TransformJobStatus="Stopping")
        self._controls.stop(job["TransformJobName"])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(
            self._records.all(), request, name="TransformJobName", status="TransformJobStatus"
        )
        cut = shape_cutter("TransformJobSummary")
        return listed("TransformJobSummaries", [cut(job) for job in found], token)

    def interrupted(self) -> list[Document]:
        """Fail, in the request's scope, what ran when the server ended; the failed jobs: events are due."""
        ended = {
            "TransformJobStatus": "Failed",
            "FailureReason": STOPPED,
            "TransformEndTime": time.time(),
            "LastModifiedTime": time.time(),
        }
        return [
            self._records.put(job["TransformJobName"], job | ended)
            for job in self._records.all()
            if job["TransformJobStatus"] not in ENDED
        ]
