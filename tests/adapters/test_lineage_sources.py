"""What SageMaker and CloudWatch say, over the embedded AWS; what moto offers of it, over moto."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from slipway.adapters.cloudwatch_job_logs import CloudWatchJobLogs
from slipway.adapters.s3_data_sets import S3DataSets
from slipway.adapters.sagemaker_hosting import SageMakerHosting
from slipway.adapters.sagemaker_jobs import LIST_PAUSE_SECONDS, SageMakerJobs

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

pytestmark = pytest.mark.embedded

GROUP = "/aws/sagemaker/TrainingJobs"
PAST = datetime(2020, 1, 1, tzinfo=UTC)


class TestMissing:
    def test_what_is_not_there_is_none(self, embedded_aws: EmbeddedAws) -> None:
        """SageMaker calls it a validation error; we call it nothing."""
        client = embedded_aws.client("sagemaker")
        jobs, hosting = SageMakerJobs(client), SageMakerHosting(client)
        arn = "arn:aws:sagemaker:us-east-1:000000000000:model-package/none/1"

        assert jobs.training_job("none") is None
        assert jobs.processing_job("none") is None
        assert hosting.endpoint("none") is None
        assert hosting.endpoint_config("none") is None
        assert hosting.model("none") is None
        assert hosting.model_package(arn) is None
        assert list(hosting.endpoints("none-")) == []


class Pages:
    """A client that lists three pages."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def list_training_jobs(self, **request: Any) -> Any:
        self.requests.append(request)
        number = len(self.requests)
        token = {"NextToken": str(number)} if number < 3 else {}
        return {"TrainingJobSummaries": [{"TrainingJobName": f"job-{number}"}], **token}


class TestListings:
    def test_pages_come_slowly(self) -> None:
        """Two requests a second are all that an account has: others list as well."""
        client, slept = Pages(), []
        found = list(SageMakerJobs(client, slept.append).training_jobs_since(PAST))

        assert [one["TrainingJobName"] for one in found] == ["job-1", "job-2", "job-3"]
        assert slept == [LIST_PAUSE_SECONDS] * 2
        assert [request.get("NextToken") for request in client.requests] == [None, "1", "2"]
        assert LIST_PAUSE_SECONDS >= 0.5

    def test_requests_are_those_that_the_service_knows(self, embedded_aws: EmbeddedAws) -> None:
        """Both listings pass the check against SageMaker's own model."""
        jobs = SageMakerJobs(embedded_aws.client("sagemaker"))
        future = datetime.now(UTC) + timedelta(hours=1)

        assert list(jobs.training_jobs_since(future)) == []
        assert list(jobs.processing_jobs_since("none-", future)) == []


class TestJobLogs:
    def write(self, aws: EmbeddedAws, stream: str, *texts: str) -> int:
        logs = aws.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
            logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        at = int(time.time() * 1000)
        events = [{"timestamp": at + number, "message": text} for number, text in enumerate(texts)]
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)
        return at

    def test_lines_of_a_job_with_their_times(self, embedded_aws: EmbeddedAws) -> None:
        """All of it, and its end; another job whose name goes on is another."""
        job = f"job-{uuid.uuid4().hex}"
        texts = [f"line {number}" for number in range(30)]
        at = self.write(embedded_aws, f"{job}/algo-1-1", *texts)
        self.write(embedded_aws, f"{job}-0/algo-1-1", "another's")
        log = CloudWatchJobLogs(embedded_aws.client("logs")).read(GROUP, job, whole=True)

        assert [line.text for line in log.lines] == texts
        assert log.lines[0].at == at
        assert log.ending() == texts[10:]

    def test_instances_are_mixed_by_time(self, embedded_aws: EmbeddedAws) -> None:
        """Each has a stream of its own."""
        job = f"job-{uuid.uuid4().hex}"
        for number in (1, 2):
            self.write(embedded_aws, f"{job}/algo-{number}-1", f"of {number}")
            time.sleep(0.005)
        log = CloudWatchJobLogs(embedded_aws.client("logs")).read(GROUP, job, whole=True)

        assert [line.text for line in log.lines] == ["of 1", "of 2"]

    def test_a_job_that_wrote_nothing(self, embedded_aws: EmbeddedAws) -> None:
        """Nor does its group have to be there."""
        log = CloudWatchJobLogs(embedded_aws.client("logs")).read("/aws/none", "none", whole=True)

        assert (log.lines, log.ending()) == ((), [])

    def test_only_the_end_is_read_if_no_more_is_wanted(self, embedded_aws: EmbeddedAws) -> None:
        """An evaluation has no curves."""
        job = f"job-{uuid.uuid4().hex}"
        self.write(embedded_aws, f"{job}/algo-1-1", "first", "last")
        log = CloudWatchJobLogs(embedded_aws.client("logs")).read(GROUP, job, whole=False)

        assert (log.lines, log.ending()) == ((), ["first", "last"])


class TestStored:
    def test_every_version_of_every_project(self, embedded_aws: EmbeddedAws) -> None:
        """Level by level, so that a data set of many files costs no more than one of few."""
        s3, bucket = embedded_aws.client("s3"), f"data-{uuid.uuid4().hex}"
        s3.create_bucket(Bucket=bucket)
        for key in ("a/x/1.0.0/data-set.json", "a/x/1.1.0/files/1.csv", "b/y/2.0.0/data-set.json"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")

        assert sorted(S3DataSets(s3, bucket).stored()) == [
            ("a", "x", "1.0.0"),
            ("a", "x", "1.1.0"),
            ("b", "y", "2.0.0"),
        ]
