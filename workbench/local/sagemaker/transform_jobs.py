"""Batch transform jobs: what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.job_kind import JobKind
from workbench.local.sagemaker.transform_join import Join
from workbench.local.sagemaker.transform_run import TransformRun

if TYPE_CHECKING:
    from workbench.local.sagemaker.models import Models
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Caller, Surroundings
    from workbench.local.sagemaker.tags import Tags

LARGEST_AT_A_TIME_MB: Final = 100
SPLITS: Final = ("None", "Line")
SOURCES: Final = ("S3Prefix", "ManifestFile")


class TransformJobs(JobKind):
    """The transform jobs of an account."""

    def __init__(self, surroundings: Surroundings, tags: Tags, models: Models) -> None:
        super().__init__(surroundings, tags, "Transform")
        self._models = models

    def create(self, request: Document, _caller: Caller) -> Document:
        name, model = request["TransformJobName"], self._models.get(request["ModelName"])
        self._check(request)
        return self._start(
            request,
            lambda control: TransformRun(self._surroundings, self._records, name, model, control, self.tell),
        )

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
