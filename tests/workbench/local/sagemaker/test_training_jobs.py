"""Training jobs of the embedded SageMaker."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import make_account, until

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


def logged(account: Account, group: str, prefix: str) -> list[str]:
    """The lines of the streams that begin with a prefix."""
    logs = account.aws.client("logs")
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
    return [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]


def run(account: Account, **changes: Any) -> dict[str, Any]:
    """Run a training job to its end."""
    name = account.name("t")
    account.sagemaker.create_training_job(**account.training(name, **changes))
    return account.ended("Training", name)


class TestTrainingJob:
    def test_trains_and_uploads_the_model(self, account: Account) -> None:
        """
        The program sees its channels' files and string hyperparameters; what it leaves in /opt/ml/model
        lies in model.tar.gz, what it leaves in /opt/ml/output/data in output.tar.gz.
        """
        job = run(account, HyperParameters={"scale": "3"})

        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        uri = job["ModelArtifacts"]["S3ModelArtifacts"]
        assert uri == f"s3://{account.bucket}/out/{job['TrainingJobName']}/output/model.tar.gz"
        key = uri.partition(account.bucket + "/")[2]
        packed = account.s3.get_object(Bucket=account.bucket, Key=key)["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            weights = json.load(archive.extractfile("weights.json"))  # type: ignore[arg-type] # it is a file
        assert weights == {"files": ["train/a.csv", "train/more/b.csv"], "scale": 3.0}
        account.s3.head_object(Bucket=account.bucket, Key=key.replace("model.tar.gz", "output.tar.gz"))

    def test_tells_how_it_went(self, account: Account) -> None:
        """
        The transitions, the last value of each metric, the times and the log are those of a real job.
        """
        job = run(account)

        statuses = [each["Status"] for each in job["SecondaryStatusTransitions"]]
        assert statuses == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
        assert all("EndTime" in each for each in job["SecondaryStatusTransitions"])
        assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [
            ("validation:mae", 8.5)
        ]
        assert job["BillableTimeInSeconds"] >= 1
        lines = logged(account, "/aws/sagemaker/TrainingJobs", f"{job['TrainingJobName']}/algo-1-")
        assert "epoch=2 validation mae=8.5;" in lines

    def test_failure_file_is_the_reason(self, account: Account) -> None:
        """
        What the program writes to /opt/ml/output/failure is FailureReason, cut to 1,024 characters.
        """
        job = run(account, HyperParameters={"fail": "loudly"})

        assert job["TrainingJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("AlgorithmError: the data are wrong: xxx")
        assert len(job["FailureReason"]) <= 1024

    def test_without_failure_file_the_last_line_and_exit_code_are_the_reason(self, account: Account) -> None:
        """
        A program that only exits is told by its last words and its exit code.
        """
        job = run(account, HyperParameters={"fail": "silently"})

        assert job["FailureReason"] == 'AlgorithmError: ErrorMessage "last words", exit code: 7'

    def test_past_its_limit_it_is_stopped(self, account: Account) -> None:
        """
        MaxRuntimeInSeconds over: SIGTERM, and what the program then leaves is uploaded still.
        """
        job = run(account, HyperParameters={"sleep": "60"}, StoppingCondition={"MaxRuntimeInSeconds": 1})

        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
        assert "ModelArtifacts" in job

    def test_stop_ends_it_by_sigterm(self, account: Account) -> None:
        """
        StopTrainingJob: Stopping at once, Stopped when the program has ended; stopping again is refused.
        """
        name = account.name("t")
        account.sagemaker.create_training_job(**account.training(name, HyperParameters={"sleep": "60"}))
        describe = account.sagemaker.describe_training_job
        until(lambda: describe(TrainingJobName=name), lambda job: job["SecondaryStatus"] == "Training")

        account.sagemaker.stop_training_job(TrainingJobName=name)

        assert account.ended("Training", name)["SecondaryStatus"] == "Stopped"
        with pytest.raises(ClientError, match="in status Stopped"):
            account.sagemaker.stop_training_job(TrainingJobName=name)

    def test_names_are_unique_for_ever(self, account: Account) -> None:
        """
        A second job of one name is refused with ResourceInUse, also when the first has ended.
        """
        job = run(account)

        with pytest.raises(ClientError) as refused:
            account.sagemaker.create_training_job(**account.training(job["TrainingJobName"]))

        assert refused.value.response["Error"]["Code"] == "ResourceInUse"

    def test_missing_data_fail_with_the_prefix(self, account: Account) -> None:
        """
        A channel without objects ends the job with SageMaker's words.
        """
        request = account.training(account.name("t"))
        source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
        source["S3Uri"] = f"s3://{account.bucket}/nothing/"
        account.sagemaker.create_training_job(**request)

        reason = account.ended("Training", request["TrainingJobName"])["FailureReason"]

        assert "Data download failed:No S3 objects found under S3 URL" in reason

    def test_data_are_read_under_the_jobs_role(self, embedded_aws: EmbeddedAws) -> None:
        """
        A role that may not read S3 ends the job: nothing is read with other rights than the role's.
        """
        poor = make_account(embedded_aws, actions=("logs:*",))
        name = poor.name("t")
        poor.sagemaker.create_training_job(**poor.training(name))

        job = poor.ended("Training", name)

        assert job["TrainingJobStatus"] == "Failed"
        assert "AccessDenied" in job["FailureReason"]

    def test_checkpoints_come_back(self, account: Account) -> None:
        """
        What lies at CheckpointConfig's S3Uri is there when the program starts; what it adds is there
        afterwards.
        """
        checkpoints = {"S3Uri": f"s3://{account.bucket}/checkpoints/{account.name('c')}"}
        for _ in range(2):
            run(
                account,
                CheckpointConfig=checkpoints,
                EnableManagedSpotTraining=True,
                StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
            )

        prefix = checkpoints["S3Uri"].partition(account.bucket + "/")[2]
        listed = account.s3.list_objects_v2(Bucket=account.bucket, Prefix=prefix)["Contents"]
        assert [entry["Key"].rpartition("/")[2] for entry in listed] == ["step-1", "step-2"]

    def test_its_programs_reach_the_embedded_aws_unless_isolated(self, account: Account) -> None:
        """
        Inside the private network the embedded AWS answers at its own port; with network isolation it
        does not.
        """
        open_job = run(account, HyperParameters={"read": "1"})
        closed_job = run(account, HyperParameters={"read": "1"}, EnableNetworkIsolation=True)

        group = "/aws/sagemaker/TrainingJobs"
        assert "reached the embedded AWS" in logged(account, group, open_job["TrainingJobName"])
        assert any(
            line.startswith("cannot reach") for line in logged(account, group, closed_job["TrainingJobName"])
        )

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"TrainingJobName": "a_b"}, "failed to satisfy constraint"),
            ({"TrainingJobName": "a" * 64}, "length less than or equal to 63"),
            ({"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds"),
            ({"HyperParameters": {"k": "v" * 2501}}, "less than or equal to 2500"),
        ],
    )
    def test_bad_requests_are_refused(
        self, account: Account, changes: dict[str, Any], complaint: str
    ) -> None:
        """
        Names, lengths and combinations that SageMaker refuses are refused with ValidationException.
        """
        client = account.aws.client("sagemaker", config=Config(parameter_validation=False))

        with pytest.raises(ClientError, match=complaint) as refused:
            client.create_training_job(**(account.training(account.name("t")) | changes))

        assert refused.value.response["Error"]["Code"] == "ValidationException"

    def test_unknown_ones_are_not_found(self, account: Account) -> None:
        """
        Describing what is not there gives the ValidationException that SageMaker gives.
        """
        with pytest.raises(ClientError, match="Requested resource not found"):
            account.sagemaker.describe_training_job(TrainingJobName="nobody-made-this")

    def test_lists_page_and_filter(self, account: Account) -> None:
        """
        Pages follow each other without gaps; names, states and order are filtered as asked.
        """
        stem = account.name("page")
        names = [f"{stem}-{number}" for number in range(5)]
        for name in names:
            account.sagemaker.create_training_job(**account.training(name))
        for name in names:
            account.ended("Training", name)
        pages = account.sagemaker.get_paginator("list_training_jobs").paginate(
            NameContains=stem,
            StatusEquals="Completed",
            SortBy="Name",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": 2},
        )

        found = [[job["TrainingJobName"] for job in page["TrainingJobSummaries"]] for page in pages]

        assert found == [names[:2], names[2:4], names[4:]]

    def test_tags_are_kept_changed_and_taken_away(self, account: Account) -> None:
        """
        Tags given at creation are listed; AddTags and DeleteTags change them.
        """
        job = run(account, Tags=[{"Key": "team", "Value": "pricing"}])
        arn = job["TrainingJobArn"]

        account.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "release", "Value": "1"}])
        account.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team"])

        assert account.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "release", "Value": "1"}]

    def test_the_caller_must_be_allowed_to_pass_the_role(self, account: Account) -> None:
        """
        Without iam:PassRole on the job's role, CreateTrainingJob is denied though sagemaker:* is allowed.
        """
        iam = account.aws.client("iam")
        user = account.name("user")
        iam.create_user(UserName=user)
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}],
        }
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        client = account.aws.client(
            "sagemaker",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

        with pytest.raises(ClientError, match="iam:PassRole"):
            client.create_training_job(**account.training(account.name("t")))
