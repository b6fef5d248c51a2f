"""Training and evaluation jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from slipway.domain.metric_curves import JobLog


class Jobs(Protocol):
    """SageMaker's training and processing jobs, as it describes them; times are datetimes."""

    def training_job(self, name: str) -> Mapping[str, Any] | None:
        """DescribeTrainingJob; None: there is no such job."""

    def processing_job(self, name: str) -> Mapping[str, Any] | None:
        """DescribeProcessingJob; None: there is no such job."""

    def tags(self, arn: str) -> dict[str, str]: ...

    def training_jobs_since(self, moment: datetime) -> Iterator[Mapping[str, Any]]:
        """Summaries of all that changed after ``moment``, slowly: others list as well."""

    def processing_jobs_since(self, prefix: str, moment: datetime) -> Iterator[Mapping[str, Any]]:
        """Likewise, of those whose names begin so."""


class JobLogs(Protocol):
    """What jobs write while they run."""

    def read(self, group: str, job: str, *, whole: bool) -> JobLog:
        """Its last lines and, if ``whole``, as many from its beginning as curves are made of."""
