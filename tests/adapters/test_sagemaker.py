from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from moto import mock_aws

from slipway.adapters.sagemaker_registry import PACKAGE_PAUSES_SECONDS, SageMakerRegistry
from slipway.adapters.sagemaker_runtime import SageMakerRuntime
from slipway.domain.errors import PackageNotReadyError
from slipway.domain.packages import package_request
from tests.fakes.models import a_plan, an_accepted_document

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "slipway-dev-pricing-hotel-rates"
CREDENTIALS = {"region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
SINCE = "2020-01-01T00:00:00.000Z"
TAGS = [{"Key": "slipway:project", "Value": "pricing"}, {"Key": "slipway:release", "Value": "9f"}]


@pytest.fixture
def sagemaker() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sagemaker", **CREDENTIALS)


def a_request(release_id: str = "9f2c41d07b3a55e1") -> Any:
    return package_request(an_accepted_document(a_plan(release_id=release_id)), GROUP)


class TestRegistry:
    def test_group_is_made_once(self, sagemaker: Any) -> None:
        """A group that is there is left as it is; its tags name the model, not one release."""
        registry = SageMakerRegistry(sagemaker)
        registry.ensure_group(GROUP, "Rates of hotels", TAGS)
        registry.ensure_group(GROUP, "Rates of hotels", TAGS)

        groups = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        arn = sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)["ModelPackageGroupArn"]
        assert len(groups) == 1
        assert sagemaker.list_tags(ResourceArn=arn)["Tags"] in ([], TAGS[:1])

    def test_package_is_found_by_its_release(self, sagemaker: Any) -> None:
        """A package is found by the release in its properties, and only by that."""
        registry = SageMakerRegistry(sagemaker)
        registry.ensure_group(GROUP, "x", [])
        registry.create_package(a_request("a" * 16))
        wanted = registry.create_package(a_request("b" * 16))

        assert registry.find_package(GROUP, "b" * 16, SINCE) == wanted
        assert registry.find_package(GROUP, "c" * 16, SINCE) is None

    def test_approval(self, sagemaker: Any) -> None:
        """A new package is pending, and then what was decided."""
        registry = SageMakerRegistry(sagemaker)
        registry.ensure_group(GROUP, "x", [])
        arn = registry.create_package(a_request())

        assert registry.approval_status(arn) == "PendingManualApproval"
        registry.set_approval(arn, "Approved", "x" * 2000)
        assert registry.approval_status(arn) == "Approved"

    def test_package_that_is_not_there(self, sagemaker: Any) -> None:
        """A package that is not there has no approval."""
        registry = SageMakerRegistry(sagemaker)

        assert (
            registry.approval_status(f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/7")
            == ""
        )

    def test_package_as_it_is_now(self) -> None:
        """Approval, who changed it last, stage and metadata; None where there is no package."""
        client = boto3.client("sagemaker", **CREDENTIALS)
        described = _described("Completed") | {
            "ModelApprovalStatus": "Rejected",
            "ApprovalDescription": "too slow",
            "LastModifiedBy": {"UserProfileName": "ana", "IamIdentity": {"Arn": "arn"}},
            "ModelLifeCycle": {"Stage": "Staging", "StageStatus": "Ready"},
            "CustomerMetadataProperties": {"slipway:project": "pricing", "team": "rates"},
        }
        with Stubber(client) as stub:
            stub.add_response("describe_model_package", described)
            stub.add_client_error("describe_model_package", "ValidationException", "does not exist")
            registry = SageMakerRegistry(client)
            package = registry.package("arn:1")
            assert registry.package("arn:2") is None

        assert package is not None
        assert (package.approval, package.description, package.modified_by, package.stage) == (
            "Rejected", "too slow", "ana", "Staging",
        )  # fmt: skip
        assert package.tags == {"team": "rates"}

    def test_properties_are_put_and_removed(self) -> None:
        """Only what changes is sent: other properties stay as they are."""
        client = boto3.client("sagemaker", **CREDENTIALS)
        answer = {"ModelPackageArn": "arn:1"}
        with Stubber(client) as stub:
            stub.add_response("update_model_package", answer, {
                "ModelPackageArn": "arn:1", "CustomerMetadataProperties": {"team": "rates"},
                "CustomerMetadataPropertiesToRemove": ["old"],
            })  # fmt: skip
            stub.add_response("update_model_package", answer, {
                "ModelPackageArn": "arn:1", "CustomerMetadataPropertiesToRemove": ["old"],
            })  # fmt: skip
            SageMakerRegistry(client).set_properties("arn:1", {"team": "rates"}, ["old"])
            SageMakerRegistry(client).set_properties("arn:1", {}, ["old"])
            stub.assert_no_pending_responses()

    @pytest.mark.parametrize(
        ("approval", "card"),
        [("Approved", "Approved"), ("Rejected", "Archived"), ("PendingManualApproval", "PendingReview")],
    )
    def test_card_goes_with_the_approval(self, approval: str, card: str) -> None:
        """Its content is sent again with its status, so that none is lost; a package without one has none."""
        client = boto3.client("sagemaker", **CREDENTIALS)
        answer = {"ModelPackageArn": "arn:1"}
        change = {
            "ModelPackageArn": "arn:1", "ModelApprovalStatus": approval, "ApprovalDescription": ANY,
        }  # fmt: skip
        with Stubber(client) as stub:
            described = {**_described("Completed"), "ModelCard": {"ModelCardContent": "{}"}}
            stub.add_response("describe_model_package", described)
            wanted = {"ModelCardContent": "{}", "ModelCardStatus": card}
            stub.add_response("update_model_package", answer, {**change, "ModelCard": wanted})
            SageMakerRegistry(client).set_approval("arn:1", approval, "ana did")
            stub.add_response("describe_model_package", _described("Completed"))
            stub.add_response("update_model_package", answer, change)
            SageMakerRegistry(client).set_approval("arn:1", approval, "ana did")
            stub.assert_no_pending_responses()

    def test_package_becomes_ready(self) -> None:
        """A pending package is looked at again until it is completed."""
        client, slept = boto3.client("sagemaker", **CREDENTIALS), []
        with Stubber(client) as stub:
            for status in ("Pending", "InProgress", "Completed"):
                stub.add_response("describe_model_package", _described(status))
            SageMakerRegistry(client, slept.append).await_package("arn")

        assert slept == list(PACKAGE_PAUSES_SECONDS[:2])

    def test_package_that_fails(self) -> None:
        """A package that failed is an error at once."""
        client, slept = boto3.client("sagemaker", **CREDENTIALS), []
        with Stubber(client) as stub:
            stub.add_response("describe_model_package", _described("Failed"))
            with pytest.raises(PackageNotReadyError, match="'Failed'"):
                SageMakerRegistry(client, slept.append).await_package("arn")

        assert slept == []


def _described(status: str) -> Any:
    return {
        "ModelPackageName": "x",
        "ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/1",
        "CreationTime": 0,
        "ModelPackageStatus": status,
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }


class TestRuntime:
    def invoke(self, prepare: Any) -> Any:
        client = boto3.client("sagemaker-runtime", **CREDENTIALS)
        with Stubber(client) as stub:
            prepare(stub)
            return SageMakerRuntime(client).invoke(
                "endpoint", body=b"{}", content_type="application/json", accept="text/csv"
            )

    def test_answer(self) -> None:
        """An answer keeps its body and the custom attributes of the container."""
        answer = self.invoke(
            lambda stub: stub.add_response(
                "invoke_endpoint",
                {
                    "Body": StreamingBody(io.BytesIO(b"[1]"), 3),
                    "CustomAttributes": "version=1.0.0",
                    "ResponseMetadata": {"HTTPStatusCode": 200},
                },
                {
                    "EndpointName": "endpoint",
                    "Body": b"{}",
                    "ContentType": "application/json",
                    "Accept": "text/csv",
                },
            )
        )

        assert (answer.status, answer.body, answer.custom_attributes) == (200, b"[1]", "version=1.0.0")
        assert answer.problem == ""

    def test_error_of_the_model(self) -> None:
        """The container's own status and words are told, not the API's."""
        answer = self.invoke(
            lambda stub: stub.add_client_error(
                "invoke_endpoint",
                "ModelError",
                "Received server error (500) from primary",
                424,
                modeled_fields={"OriginalStatusCode": 500, "OriginalMessage": "KeyError: 'rooms'"},
            )
        )

        assert answer.problem == "status 500: ModelError: KeyError: 'rooms'"

    def test_endpoint_that_is_not_there(self) -> None:
        """An error of the API is an answer too."""
        answer = self.invoke(
            lambda stub: stub.add_client_error("invoke_endpoint", "ValidationError", "not found", 400)
        )

        assert answer.problem == "status 400: ValidationError: not found"

    def test_endpoint_that_is_silent(self) -> None:
        """Silence is an answer too, after the client's patience."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            client = boto3.client(
                "sagemaker-runtime",
                **CREDENTIALS,
                endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
                config=Config(read_timeout=0.1, retries={"total_max_attempts": 1}),
            )
            answer = SageMakerRuntime(client).invoke(
                "e", body=b"", content_type="text/csv", accept="text/csv"
            )

        assert "Read timeout" in answer.problem

    def test_variant_is_named(self) -> None:
        """Only who is asked by name answers, whatever its share."""
        client = boto3.client("sagemaker-runtime", **CREDENTIALS)
        with Stubber(client) as stub:
            answer = {
                "Body": StreamingBody(io.BytesIO(b"[1]"), 3),
                "ResponseMetadata": {"HTTPStatusCode": 200},
            }
            asked = {"EndpointName": "endpoint", "Body": b"{}", "TargetVariant": "v-1-1-0"}
            stub.add_response(
                "invoke_endpoint", answer, asked | {"ContentType": "text/csv", "Accept": "text/csv"}
            )
            SageMakerRuntime(client).invoke(
                "endpoint", body=b"{}", content_type="text/csv", accept="text/csv", variant="v-1-1-0"
            )
            stub.assert_no_pending_responses()


class TestAsynchronousRuntime:
    ANSWERS = "asynchronous/endpoint/answers/1.out"
    FAILURES = "asynchronous/endpoint/failures/1-error.out"
    QUESTION = "s3://artifacts/asynchronous/endpoint/questions/config"

    def ask(self, files: dict[str, bytes]) -> tuple[Any, Any]:
        """The answer where these files come to lie in the bucket; and S3's client."""
        with mock_aws():
            s3 = boto3.client("s3", **CREDENTIALS)
            s3.create_bucket(
                Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
            for key, body in files.items():
                s3.put_object(Bucket="artifacts", Key=key, Body=body)
            client = boto3.client("sagemaker-runtime", **CREDENTIALS)
            with Stubber(client) as stub:
                stub.add_response(
                    "invoke_endpoint_async",
                    {
                        "OutputLocation": f"s3://artifacts/{self.ANSWERS}",
                        "FailureLocation": f"s3://artifacts/{self.FAILURES}",
                    },
                    {
                        "EndpointName": "endpoint",
                        "InputLocation": self.QUESTION,
                        "ContentType": "application/json",
                        "Accept": "text/csv",
                        "InvocationTimeoutSeconds": 30,
                    },
                )
                answer = SageMakerRuntime(client, s3).invoke_later(
                    "endpoint",
                    body=b"{}",
                    content_type="application/json",
                    accept="text/csv",
                    question=self.QUESTION,
                )
            key = self.QUESTION.removeprefix("s3://artifacts/")
            return answer, s3.get_object(Bucket="artifacts", Key=key)["Body"].read()

    def test_answer_is_a_file(self) -> None:
        """The question is put where it was said, and the answer read where SageMaker says."""
        answer, question = self.ask({self.ANSWERS: b"[1]"})

        assert (answer.status, answer.body, answer.problem) == (200, b"[1]", "")
        assert question == b"{}"

    def test_failure_is_a_file_too(self) -> None:
        """What went wrong is told in its words."""
        answer, _ = self.ask({self.FAILURES: b"Received server error (500) from primary"})

        assert answer.problem == "status 500: Received server error (500) from primary"
