from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.jobs import job_names, volume_key
from tests.fakes.models import a_champion, a_manifest, a_plan, a_site


@pytest.fixture(scope="module")
def sagemaker() -> Any:
    return boto3.client("sagemaker", region_name="eu-west-1")


def problems(client: Any, operation: str, request: Any) -> str:
    """What boto3 would say of a request; empty: it would be sent."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    return report.generate_report() if report.has_errors() else ""


def training(**sections: Any) -> Any:
    return a_plan(**sections)["requests"]["training"]


class TestTrainingRequest:
    @pytest.mark.parametrize(
        "section", [{}, {"spot": True, "max_wait_minutes": 60, "checkpoints": True}, {"instance_count": 2}]
    )
    def test_is_one_that_boto3_sends(self, sagemaker: Any, section: Any) -> None:
        """With its name, the request has only members, types and lengths of the service's model."""
        request = training(training=section) | {"TrainingJobName": "hotel-rates-1-1-0-train-0-0"}

        assert problems(sagemaker, "CreateTrainingJob", request) == ""

    def test_hyperparameters_are_text(self) -> None:
        """SageMaker takes text only: numbers and booleans become what JSON would write."""
        assert training()["HyperParameters"] == {
            "learning_rate": "0.1",
            "rounds": "200",
            "early_stopping": "true",
        }

    def test_default_program_needs_no_entrypoint(self) -> None:
        """SageMaker runs `train` by itself; any other program is named."""
        own = training(programs={"train": ["python", "-m", "rates.fit"]})

        assert "ContainerEntrypoint" not in training()["AlgorithmSpecification"]
        assert own["AlgorithmSpecification"]["ContainerEntrypoint"] == ["python", "-m", "rates.fit"]

    def test_image_and_data_are_pinned(self) -> None:
        """The image is named by digest, each channel by its data set version."""
        request = training()

        (channel,) = request["InputDataConfig"]
        assert "@sha256:" in request["AlgorithmSpecification"]["TrainingImage"]
        assert channel["DataSource"]["S3DataSource"]["S3Uri"] == "s3://data/pricing/hotel-rates/1.2.0/files/"
        assert channel["ChannelName"] == "train"

    def test_spot_with_checkpoints(self) -> None:
        """Spot waits no shorter than it may run; checkpoints are kept in the release's own place."""
        request = training(training={"spot": True, "max_wait_minutes": 60, "checkpoints": True})

        assert request["EnableManagedSpotTraining"] is True
        assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800, "MaxWaitTimeInSeconds": 3600}
        assert request["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"
        assert request["CheckpointConfig"]["S3Uri"].endswith("/9f2c41d07b3a55e1/checkpoints/")

    def test_without_spot_there_is_no_waiting_time(self) -> None:
        """SageMaker refuses a waiting time without spot."""
        assert training()["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800}
        assert "CheckpointConfig" not in training()

    def test_everything_is_tagged(self) -> None:
        """Project, model, version, release and environment stand on every job."""
        tags = {tag["Key"]: tag["Value"] for tag in training()["Tags"]}

        assert tags == {
            "slipway:project": "pricing",
            "slipway:model": "hotel-rates",
            "slipway:version": "1.1.0",
            "slipway:release": "9f2c41d07b3a55e1",
            "slipway:environment": "dev",
        }


class TestEvaluationRequests:
    def test_champions_is_one_that_boto3_sends(self, sagemaker: Any) -> None:
        """The champion's request is complete but for its name."""
        request = a_plan(champion=a_champion())["requests"]["champion"]

        assert problems(sagemaker, "CreateProcessingJob", request | {"ProcessingJobName": "x"}) == ""

    def test_challengers_lacks_only_the_model(self, sagemaker: Any) -> None:
        """The machine fills in the trained artifact at the input named model; the rest is complete."""
        request = a_plan()["requests"]["challenger"] | {"ProcessingJobName": "x"}
        model = next(one for one in request["ProcessingInputs"] if one["InputName"] == "model")

        assert "S3Uri" not in model["S3Input"]
        model["S3Input"]["S3Uri"] = "s3://artifacts/model.tar.gz"
        assert problems(sagemaker, "CreateProcessingJob", request) == ""

    def test_sides_differ_in_image_model_and_program_only(self) -> None:
        """Both sides get the same data, instance and limit: the comparison is fair."""
        requests = a_plan(champion=a_champion())["requests"]
        challenger, champion = requests["challenger"], requests["champion"]

        for same in ("RoleArn", "ProcessingResources", "StoppingCondition", "Tags"):
            assert challenger[same] == champion[same]
        assert challenger["ProcessingInputs"][1:] == champion["ProcessingInputs"][1:]
        assert champion["AppSpecification"]["ContainerEntrypoint"] == ["python", "evaluate.py"]
        assert champion["AppSpecification"]["ImageUri"] == a_champion()["image_uri"]

    @pytest.mark.parametrize("side", ["challenger", "champion"])
    def test_each_side_has_its_place(self, side: str) -> None:
        """Each side writes its report under its own prefix, and can't know which side it is."""
        request = a_plan(champion=a_champion())["requests"][side]

        (output,) = request["ProcessingOutputConfig"]["Outputs"]
        assert "Environment" not in request
        assert output["S3Output"]["S3Uri"].endswith(f"/9f2c41d07b3a55e1/evaluation/{side}/")
        assert output["S3Output"]["LocalPath"] == "/opt/ml/processing/evaluation"

    def test_container_paths(self) -> None:
        """Model and data lie where the container contract says."""
        inputs = a_plan()["requests"]["challenger"]["ProcessingInputs"]

        assert [one["S3Input"]["LocalPath"] for one in inputs] == [
            "/opt/ml/processing/model",
            "/opt/ml/processing/data/holdout",
        ]


class TestJobNames:
    @given(
        st.from_regex(r"[a-z][a-z0-9-]{0,22}[a-z0-9]", fullmatch=True),
        st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-rc\.[0-9]{1,2})?", fullmatch=True),
    )
    def test_names_keep_to_sagemakers_pattern(self, model: str, version: str) -> None:
        """With redrive and retry counts of three digits each, every name is still a valid one."""
        try:
            manifest = a_manifest(model={"name": model})
        except Exception:  # noqa: BLE001 - the manifest's own rule is narrower
            return
        names = job_names(a_site(), manifest, version, "9f2c41d07b3a55e1")

        for stem in names.values():
            name = f"{stem}-999-999"
            assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name), name
        assert len(set(names.values())) == 3

    def test_releases_of_one_version_have_other_names(self) -> None:
        """A name may be used once per account, for ever: a forced release gets new ones."""
        one, other = (
            job_names(a_site(), a_manifest(), "1.0.0", release)["training"]
            for release in ("a" * 16, "b" * 16)
        )

        assert one != other


class TestVolumeKey:
    @pytest.mark.parametrize(
        "instance", ["ml.m5.large", "ml.c5.xlarge", "ml.r6i.large", "ml.p3.2xlarge", "ml.t3.medium"]
    )
    def test_ebs_volumes_take_a_key(self, instance: str) -> None:
        """Ordinary instances encrypt their volume with the platform's key."""
        assert volume_key("arn", instance) == {"VolumeKmsKeyId": "arn"}

    @pytest.mark.parametrize(
        "instance", ["ml.m5d.large", "ml.g4dn.xlarge", "ml.g5.xlarge", "ml.p4d.24xlarge", "ml.r5d.large"]
    )
    def test_local_storage_refuses_one(self, instance: str) -> None:
        """SageMaker refuses a volume key on instances with local NVMe storage."""
        assert volume_key("arn", instance) == {}
