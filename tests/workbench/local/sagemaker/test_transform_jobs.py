"""Batch transform of the embedded SageMaker."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def model(account: Account) -> str:
    """A model that doubles the last column of each line."""
    return account.model(account.name("double"))


def request(
    account: Account, model: str, files: dict[str, bytes], *, lines: bool = True, **changes: Any
) -> dict[str, Any]:
    """A CreateTransformJob request for files that are put below a prefix of their own."""
    name = account.name("batch")
    for key, body in files.items():
        account.s3.put_object(Bucket=account.bucket, Key=f"batch/{name}/{key}", Body=body)
    split = "Line" if lines else "None"
    given: dict[str, Any] = {
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": {
            "ContentType": "text/csv",
            "SplitType": split,
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{account.bucket}/batch/{name}/"}
            },
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{account.bucket}/batch-out/{name}",
            "Accept": "text/csv",
            "AssembleWith": split,
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    }
    return given


def run(account: Account, given: dict[str, Any]) -> dict[str, Any]:
    """Run it to its end; its description."""
    account.sagemaker.create_transform_job(**given)
    return account.ended("Transform", given["TransformJobName"])


def outputs(account: Account, job: dict[str, Any]) -> dict[str, str]:
    """What it left, by name below its output path."""
    prefix = f"batch-out/{job['TransformJobName']}/"
    found = account.s3.list_objects_v2(Bucket=account.bucket, Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): account.s3.get_object(Bucket=account.bucket, Key=one["Key"])["Body"]
        .read()
        .decode()
        for one in found
    }


def logged(account: Account, job: dict[str, Any]) -> str:
    """What the job's log of its data says."""
    events = account.aws.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TransformJobs", logStreamNamePrefix=job["TransformJobName"]
    )["events"]
    return "\n".join(event["message"] for event in events)


class TestTransformJob:
    def test_transforms_every_input_to_an_output_of_its_name(self, account: Account, model: str) -> None:
        """
        Each object below the prefix is transformed, answers in the order of the records; its output has its
        name with .out, in the same tree.
        """
        numbers = [str(number).encode() for number in range(200)]
        files = {"a.csv": b"\n".join(numbers) + b"\n", "more/b.csv": b"1\r\n2"}
        job = run(
            account,
            request(account, model, files, BatchStrategy="SingleRecord", MaxConcurrentTransforms=8),
        )

        assert job["TransformJobStatus"] == "Completed", job
        assert job["TransformStartTime"] <= job["TransformEndTime"]
        assert outputs(account, job) == {
            "a.csv.out": "".join(f"{2.0 * number}\n" for number in range(200)),
            "more/b.csv.out": "2.0\n4.0\n",
        }
        assert "BatchStrategy=SINGLE_RECORD" in logged(account, job)

    def test_records_go_together_as_far_as_the_payload_allows(self, account: Account) -> None:
        """
        MultiRecord packs lines up to MaxPayloadInMB; what the program says of itself at
        /execution-parameters counts where the job says nothing.
        """
        counting = account.model(account.name("count"), COUNT="1")
        line = b"x" * 400_000
        together = run(
            account, request(account, counting, {"a.csv": b"\n".join([line] * 5)}, MaxPayloadInMB=1)
        )
        single = account.model(account.name("one"), COUNT="1", PARAMETERS='{"BatchStrategy": "SingleRecord"}')
        alone = run(account, request(account, single, {"a.csv": b"\n".join([line] * 3)}))

        assert outputs(account, together)["a.csv.out"].split() == ["2", "2", "2", "2", "1"]
        assert outputs(account, alone)["a.csv.out"].split() == ["1", "1", "1"]

    def test_joins_answers_with_what_was_asked(self, account: Account, model: str) -> None:
        """
        InputFilter keeps columns from the model, JoinSource puts the answer beside the input, OutputFilter
        picks from both.
        """
        processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
        job = run(
            account,
            request(account, model, {"a.csv": b'id-1,5,7\n"id,2",1,2\n'}, DataProcessing=processing),
        )

        assert outputs(account, job) == {"a.csv.out": 'id-1,14.0\n"id,2",4.0\n'}

    def test_a_bad_input_fails_the_job_and_the_others_are_there(self, account: Account, model: str) -> None:
        """
        An input with a bad record has no output; those of others have theirs, and the log names what was bad.
        """
        job = run(account, request(account, model, {"bad.csv": b"1\nbad\n", "good.csv": b"1\n"}))

        assert job["TransformJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("ClientError: 1 of 2 inputs failed")
        assert outputs(account, job) == {"good.csv.out": "2.0\n"}
        assert "bad.csv: ClientError: Bad HTTP status received from algorithm: 400" in logged(account, job)

    def test_unpacks_inputs_and_passes_whole_files(self, account: Account, model: str) -> None:
        """
        CompressionType Gzip unpacks; without SplitType the file is one request.
        """
        given = request(account, model, {"a.csv.gz": gzip.compress(b"1\n2")}, lines=False)
        given["TransformInput"]["CompressionType"] = "Gzip"

        assert outputs(account, run(account, given)) == {"a.csv.gz.out": "2.0\n4.0"}

    def test_stop_ends_it(self, account: Account) -> None:
        """
        StopTransformJob ends it; what was not done has no output.
        """
        slow = account.model(account.name("slow"), DELAY="1")
        given = request(account, slow, {"a.csv": b"\n".join([b"1"] * 60)}, BatchStrategy="SingleRecord")
        name = given["TransformJobName"]
        account.sagemaker.create_transform_job(**given)
        until(
            lambda: account.sagemaker.describe_transform_job(TransformJobName=name),
            lambda job: "TransformStartTime" in job,
        )

        account.sagemaker.stop_transform_job(TransformJobName=name)
        job = account.ended("Transform", name)

        assert job["TransformJobStatus"] == "Stopped"
        assert outputs(account, job) == {}
        with pytest.raises(ClientError, match="is in status Stopped"):
            account.sagemaker.stop_transform_job(TransformJobName=name)

    def test_is_listed_and_tagged(self, account: Account, model: str) -> None:
        """
        It is in the list with its status, and has its tags.
        """
        tags = [{"Key": "team", "Value": "pricing"}]
        job = run(account, request(account, model, {"a.csv": b"1"}, Tags=tags))

        listed = account.sagemaker.list_transform_jobs(NameContains=job["TransformJobName"])
        (summary,) = listed["TransformJobSummaries"]
        assert summary["TransformJobStatus"] == "Completed"
        assert account.sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"] == tags

    def test_no_input_fails_it(self, account: Account, model: str) -> None:
        """
        A prefix below which nothing lies is told.
        """
        job = run(account, request(account, model, {}))

        assert job["TransformJobStatus"] == "Failed"
        assert "No S3 objects found" in job["FailureReason"]

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"MaxConcurrentTransforms": 50, "MaxPayloadInMB": 6}, "less than or equal to 100"),
            ({"DataProcessing": {"InputFilter": "$..x"}}, "cannot be read"),
            ({"DataProcessing": {"InputFilter": "$[?(@.a)]"}}, "is not served here"),
            ({"ModelName": "nobody"}, "Could not find model"),
        ],
    )
    def test_what_is_not_served_is_refused(
        self, account: Account, model: str, changes: dict[str, Any], told: str
    ) -> None:
        """
        Mistakes, and what the embedded SageMaker does not serve, are told before anything runs.
        """
        with pytest.raises(ClientError, match=told):
            account.sagemaker.create_transform_job(**(request(account, model, {}) | changes))
