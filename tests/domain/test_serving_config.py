from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.layout import alone, wanted_layout
from slipway.domain.manifest import Manifest
from slipway.domain.serving_config import endpoint_config_request
from tests.fakes.models import a_manifest, a_site
from tests.fakes.requests import problems_of

RELEASE = "9f2c41d07b3a55e1"


def serving(**keys: Any) -> Any:
    """The section ``[serving]`` of a manifest; ``None`` takes a key away."""
    document = a_manifest().document()
    document["serving"] = {
        name: value for name, value in (document["serving"] | keys).items() if value is not None
    }
    return Manifest.from_document(document).serving


def config(layout: Any = None, **servings: Any) -> Any:
    """The request for a layout; ``v1_1_0=serving(…)`` says what a version's manifest asks for."""
    layout = layout or alone("1.0.0", RELEASE)
    asked = {name[1:].replace("_", "."): one for name, one in servings.items()}
    request = endpoint_config_request(
        a_site(),
        layout,
        {one["version"]: asked.get(one["version"], serving()) for one in layout},
        {one["version"]: f"model-{one['version'].replace('.', '-')}" for one in layout},
        endpoint_name="slipway-dev-pricing-hotel-rates",
        name="config",
        tags=[],
    )
    assert problems_of("sagemaker", "CreateEndpointConfig", request) == ""
    return request


def beside(share: float, action: Any = "beside") -> Any:
    return wanted_layout(
        alone("1.0.0", RELEASE),
        endpoint="e",
        action=action,
        version="1.1.0",
        release_id=RELEASE,
        share=share,
        on_trial=False,
    )


QUEUE = {"kind": "asynchronous", "invocations_per_instance": None}
SERVERLESS = {
    "kind": "serverless",
    "instance_type": None,
    "invocations_per_instance": None,
    "max_instances": None,
}


class TestRealTime:
    def test_serves_as_the_manifest_says(self) -> None:
        """One variant, of the name that every config has."""
        (variant,) = config()["ProductionVariants"]

        assert variant["VariantName"] == "AllTraffic"
        assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.large", 1)
        assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 240

    def test_what_is_asked_and_answered_is_kept(self) -> None:
        """JSON and CSV stay readable: their media types are named, all else is base64."""
        capture = config()["DataCaptureConfig"]

        assert (capture["EnableCapture"], capture["InitialSamplingPercentage"]) == (True, 100)
        assert capture["DestinationS3Uri"] == "s3://artifacts/capture"
        assert capture["KmsKeyId"].startswith("arn:aws:kms:")
        assert {one["CaptureMode"] for one in capture["CaptureOptions"]} == {"Input", "Output"}
        assert capture["CaptureContentTypeHeader"]["CsvContentTypes"] == ["text/csv"]
        assert "application/json" in capture["CaptureContentTypeHeader"]["JsonContentTypes"]

    @pytest.mark.parametrize(("share", "percent"), [(0.25, 25), (0.001, 1)])
    def test_a_part_of_it(self, share: float, percent: int) -> None:
        """Whole per cents, as SageMaker has them; a little is not nothing."""
        request = config(v1_0_0=serving(capture_share=share))

        assert request["DataCaptureConfig"]["InitialSamplingPercentage"] == percent

    def test_none_of_it(self) -> None:
        """No key at all."""
        assert "DataCaptureConfig" not in config(v1_0_0=serving(capture_share=0.0))

    def test_volumes_are_encrypted_but_for_those_that_refuse_a_key(self) -> None:
        """One instance type with local storage is enough."""
        assert "KmsKeyId" in config()
        assert "KmsKeyId" not in config(v1_0_0=serving(instance_type="ml.g5.xlarge"))
        assert "KmsKeyId" not in config(beside(0.1), v1_1_0=serving(instance_type="ml.g5.xlarge"))


class TestServerless:
    def test_memory_in_place_of_instances(self) -> None:
        """Nothing of instances, volumes and capture is asked for: SageMaker refuses all of it."""
        request = config(v1_0_0=serving(**SERVERLESS, memory_mb=4096, max_concurrency=20))

        (variant,) = request["ProductionVariants"]
        assert variant["ServerlessConfig"] == {"MemorySizeInMB": 4096, "MaxConcurrency": 20}
        assert set(variant) == {"VariantName", "ModelName", "InitialVariantWeight", "ServerlessConfig"}
        assert set(request) == {"EndpointConfigName", "ProductionVariants", "Tags"}


class TestAsynchronous:
    def test_answers_lie_in_the_bucket(self) -> None:
        """Each endpoint has a place of its own for answers and failures, under the platform's key."""
        queue = config(v1_0_0=serving(**QUEUE, concurrent_requests=4))["AsyncInferenceConfig"]

        at = "s3://artifacts/asynchronous/slipway-dev-pricing-hotel-rates"
        assert queue["OutputConfig"]["S3OutputPath"] == f"{at}/answers"
        assert queue["OutputConfig"]["S3FailurePath"] == f"{at}/failures"
        assert queue["OutputConfig"]["KmsKeyId"].startswith("arn:aws:kms:")
        assert queue["ClientConfig"] == {"MaxConcurrentInvocationsPerInstance": 4}

    def test_sagemaker_chooses(self) -> None:
        """How many requests an instance gets at a time, where the manifest does not say."""
        assert "ClientConfig" not in config(v1_0_0=serving(**QUEUE))["AsyncInferenceConfig"]


class TestSeveralVersions:
    def test_shares_are_weights(self) -> None:
        """Each version has its own model and instances."""
        champion, other = config(beside(0.2), v1_1_0=serving(instance_count=2))["ProductionVariants"]

        assert (champion["InitialVariantWeight"], other["InitialVariantWeight"]) == (0.8, 0.2)
        assert (other["VariantName"], other["ModelName"]) == ("v-1-1-0", "model-1-1-0")
        assert (champion["InitialInstanceCount"], other["InitialInstanceCount"]) == (1, 2)

    def test_a_shadow_is_no_production_variant(self) -> None:
        """It gets its share of the requests in copies; the champion answers all of them."""
        request = config(beside(0.5, "shadow"))

        (champion,), (shadow,) = request["ProductionVariants"], request["ShadowProductionVariants"]
        assert (champion["InitialVariantWeight"], shadow["InitialVariantWeight"]) == (1.0, 0.5)
