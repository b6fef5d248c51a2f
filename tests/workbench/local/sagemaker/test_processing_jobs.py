"""Processing jobs of the embedded SageMaker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


def run(account: Account, **changes: Any) -> dict[str, Any]:
    """Run a processing job to its end."""
    name = account.name("p")
    account.sagemaker.create_processing_job(**account.processing(name, **changes))
    return account.ended("Processing", name)


class TestProcessingJob:
    def test_sees_its_inputs_and_leaves_its_outputs(self, account: Account) -> None:
        """
        Inputs lie at their LocalPath, the configuration in /opt/ml/config; outputs are uploaded with
        their tree.
        """
        job = run(
            account,
            AppSpecification={
                "ImageUri": account.image,
                "ContainerEntrypoint": ["evaluate"],
                "ContainerArguments": ["--fast"],
            },
        )

        assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
        assert job["ExitMessage"] == "said at the end"
        prefix = f"evaluations/{job['ProcessingJobName']}"
        report = account.s3.get_object(Bucket=account.bucket, Key=f"{prefix}/evaluation.json")["Body"].read()
        assert json.loads(report) == {
            "args": ["--fast"],
            "data": ["data/holdout/a.csv", "data/holdout/more/b.csv"],
            "job": job["ProcessingJobName"],
        }
        account.s3.head_object(Bucket=account.bucket, Key=f"{prefix}/plots/a.svg")

    def test_exit_code_decides(self, account: Account) -> None:
        """
        A program that exits with another code than 0 fails the job, which names the code.
        """
        job = run(account, Environment={"EXIT": "4"})

        assert job["ProcessingJobStatus"] == "Failed"
        assert job["FailureReason"].endswith("exit code: 4")

    def test_stop_ends_it(self, account: Account) -> None:
        """
        StopProcessingJob ends the program.
        """
        name = account.name("p")
        request = account.processing(name, Environment={"SLEEP": "60"})
        account.sagemaker.create_processing_job(**request)
        describe = account.sagemaker.describe_processing_job
        until(lambda: describe(ProcessingJobName=name), lambda job: "ProcessingStartTime" in job)

        account.sagemaker.stop_processing_job(ProcessingJobName=name)

        assert account.ended("Processing", name)["ProcessingJobStatus"] == "Stopped"

    def test_past_its_limit_it_is_stopped(self, account: Account) -> None:
        """
        MaxRuntimeInSeconds over: it is Stopped.
        """
        job = run(account, Environment={"SLEEP": "60"}, StoppingCondition={"MaxRuntimeInSeconds": 1})

        assert job["ProcessingJobStatus"] == "Stopped"

    def test_continuous_outputs_arrive_while_it_runs(self, account: Account) -> None:
        """
        An output with S3UploadMode Continuous is in S3 before the program has ended.
        """
        name = account.name("p")
        request = account.processing(name, Environment={"SLEEP": "30"})
        request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
        account.sagemaker.create_processing_job(**request)

        found = until(
            lambda: account.s3.list_objects_v2(Bucket=account.bucket, Prefix=f"evaluations/{name}/"),
            lambda listed: listed["KeyCount"] == 2,
        )

        assert found
        assert (
            account.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
            == "InProgress"
        )
        account.sagemaker.stop_processing_job(ProcessingJobName=name)
        account.ended("Processing", name)

    def test_paths_outside_of_processing_are_refused(self, account: Account) -> None:
        """
        LocalPath must lie below /opt/ml/processing/.
        """
        request = account.processing(account.name("p"))
        request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/opt/ml/model"

        with pytest.raises(ClientError, match="must begin with /opt/ml/processing/"):
            account.sagemaker.create_processing_job(**request)
