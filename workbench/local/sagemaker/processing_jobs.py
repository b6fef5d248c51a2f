"""Processing jobs: what they take, and that they can be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import in_use, invalid
from workbench.local.sagemaker.job_kind import ENDED, JobKind
from workbench.local.sagemaker.processing_run import ProcessingRun

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Caller, Surroundings
    from workbench.local.sagemaker.tags import Tags

ROOT: Final = "/opt/ml/processing/"


class ProcessingJobs(JobKind):
    """The processing jobs of an account."""

    def __init__(self, surroundings: Surroundings, tags: Tags) -> None:
        super().__init__(surroundings, tags, "Processing")

    def create(self, request: Document, caller: Caller) -> Document:
        caller.may_pass(request["RoleArn"])
        self._check(request)
        name = request["ProcessingJobName"]
        return self._start(
            request,
            lambda control: ProcessingRun(self._surroundings, self._records, name, control, self.tell),
        )

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

    def delete(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request)
        if job["ProcessingJobStatus"] not in ENDED:
            raise in_use(f"The processing job is in status {job['ProcessingJobStatus']}; stop it first.")
        self._records.remove(job["ProcessingJobName"])
        self._tags.forget(job["ProcessingJobArn"])
        return {}
