"""The requests of a batch."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from slipway.domain.batch import Batch, content_type_of, folder, job_name, model_request, transform_request
from tests.domain.test_jobs import problems
from tests.fakes.models import a_version

MOMENT = "20261124T050607Z"


@pytest.fixture(scope="module")
def sagemaker() -> Any:
    return boto3.client("sagemaker", region_name="eu-west-1")


def request(**settings: Any) -> dict[str, Any]:
    """A CreateTransformJob request of the champion."""
    return transform_request(
        a_version(),
        Batch(**({"content_type": "text/csv"} | settings)),
        name="slipway-hotel-rates-1-0-0-batch",
        input_uri="s3://artifacts/batch/in/",
        output_uri="s3://artifacts/batch/out",
        compressed=False,
        data_key_arn="arn:aws:kms:eu-west-1:123456789012:key/x",
        tags=[{"Key": "a", "Value": "b"}],
    )


class TestTransformRequest:
    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"lines": False, "content_type": "application/json", "accept": "text/csv"},
            {"single": True, "at_a_time": 4, "payload_mb": 1, "instances": 3},
            {"join": True, "input_filter": "$[1:]", "output_filter": "$[0,-1]"},
        ],
    )
    def test_is_one_that_boto3_sends(self, sagemaker: Any, settings: Any) -> None:
        """The request has only members, types and lengths of the service's model."""
        assert problems(sagemaker, "CreateTransformJob", request(**settings)) == ""

    def test_a_file_that_is_one_record_is_asked_alone(self) -> None:
        """SageMaker refuses to pack what it does not split."""
        found = request(lines=False)

        assert found["BatchStrategy"] == "SingleRecord"
        assert found["TransformOutput"]["AssembleWith"] == found["TransformInput"]["SplitType"] == "None"

    def test_runs_on_what_the_endpoint_has_unless_told(self) -> None:
        """The instance type is the manifest's, or the caller's."""
        record = a_version()
        assert (
            request()["TransformResources"]["InstanceType"] == record["manifest"]["serving"]["instance_type"]
        )
        assert request(instance_type="ml.c5.large")["TransformResources"]["InstanceType"] == "ml.c5.large"


class TestModelRequest:
    def test_is_what_would_serve(self, sagemaker: Any) -> None:
        """Image by digest, artifact, and the identity that every answer of an endpoint carries."""
        record = a_version()
        found = model_request(record, name="m", serving_role_arn="arn:aws:iam::123456789012:role/r", tags=[])

        assert problems(sagemaker, "CreateModel", found) == ""
        assert found["PrimaryContainer"]["Image"] == record["image_uri"]
        assert record["version"] in found["PrimaryContainer"]["Environment"]["SLIPWAY_IDENTITY"]


class TestNames:
    def test_fit_however_long_the_model_is(self) -> None:
        """Job and model are named for version and moment, within SageMaker's 63 characters."""
        record: Any = a_version() | {"model": "forecast-of-occupancy-eu", "version": "12.10.0"}
        name = job_name(record, "slipway-prod", MOMENT)

        assert len(name) <= 63
        assert name.endswith("-batch-20261124050607")
        assert folder("b", record, MOMENT).startswith("s3://b/batch/")

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a.csv", "text/csv"),
            ("a.jsonl.gz", "application/jsonlines"),
            ("a.json", "application/json"),
            ("a", "x/y"),
        ],
    )
    def test_of_files_say_their_content(self, name: str, expected: str) -> None:
        """The ending decides, packed or not; else the manifest's own."""
        assert content_type_of(name, "x/y") == expected
