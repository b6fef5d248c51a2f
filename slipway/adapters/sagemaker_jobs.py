"""Training and processing jobs, as SageMaker describes and lists them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from slipway.adapters.sagemaker_answers import described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

LIST_PAUSE_SECONDS: Final = 0.6
"""ListTrainingJobs bears two requests a second, for the whole account."""
PAGE: Final = 100


class SageMakerJobs:
    """Port ``Jobs``."""

    def __init__(self, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def training_job(self, name: str) -> Mapping[str, Any] | None:
        return described(self._client, "describe_training_job", TrainingJobName=name)

    def processing_job(self, name: str) -> Mapping[str, Any] | None:
        return described(self._client, "describe_processing_job", ProcessingJobName=name)

    def tags(self, arn: str) -> dict[str, str]:
        answer = self._client.list_tags(ResourceArn=arn)  # a page holds 50, and a resource has no more
        return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}

    def training_jobs_since(self, moment: datetime) -> Iterator[Mapping[str, Any]]:
        yield from self._listed("list_training_jobs", "TrainingJobSummaries", LastModifiedTimeAfter=moment)

    def processing_jobs_since(self, prefix: str, moment: datetime) -> Iterator[Mapping[str, Any]]:
        for summary in self._listed(
            "list_processing_jobs",
            "ProcessingJobSummaries",
            LastModifiedTimeAfter=moment,
            NameContains=prefix,
        ):
            if summary["ProcessingJobName"].startswith(prefix):
                yield summary

    def _listed(self, operation: str, member: str, **request: Any) -> Iterator[Mapping[str, Any]]:
        token: dict[str, str] = {}
        while True:
            answer = getattr(self._client, operation)(
                **request, **token, MaxResults=PAGE, SortBy="CreationTime", SortOrder="Ascending"
            )
            yield from answer[member]
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}
            self._sleep(LIST_PAUSE_SECONDS)
