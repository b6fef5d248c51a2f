"""Shadow variants and data capture: what is mirrored, what is kept, and that callers do not notice."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import make_account, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def fast(account: Account) -> Iterator[None]:
    with account.aws.speed(60):
        yield


def variant(name: str, model: str, weight: float = 1.0) -> dict[str, Any]:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": weight,
    }


def capture(account: Account, percentage: int = 100, *modes: str, **changes: Any) -> dict[str, Any]:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": f"s3://{account.bucket}/capture",
        "CaptureOptions": [{"CaptureMode": mode} for mode in modes or ("Input", "Output")],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
        **changes,
    }


def served(account: Account, **config: Any) -> str:
    """An endpoint of model "1" with more in its configuration; its name."""
    name = account.name("kept")
    account.model(name, TAG="1")
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[variant("AllTraffic", name)], **config
    )
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    account.settled_endpoint(name)
    return name


def captured(account: Account, name: str, count: int, kind: str = "AllTraffic") -> list[dict[str, Any]]:
    """The lines of a variant, once there are so many; every object's path is SageMaker's."""

    def lines() -> list[dict[str, Any]]:
        prefix = f"capture/{name}/{kind}/"
        listed = account.s3.list_objects_v2(Bucket=account.bucket, Prefix=prefix).get("Contents", [])
        for entry in listed:
            *_, year, month, day, hour, file = entry["Key"].split("/")
            time.strptime(f"{year}/{month}/{day}/{hour}", "%Y/%m/%d/%H")
            assert file.endswith(".jsonl")
        bodies = [
            account.s3.get_object(Bucket=account.bucket, Key=one["Key"])["Body"].read() for one in listed
        ]
        return [json.loads(line) for body in bodies for line in body.splitlines()]

    return list(until(lines, lambda found: len(found) >= count))


def total(account: Account, name: str, kind: str, metric: str = "Invocations", **more: str) -> float:
    dimensions = {"EndpointName": name, "VariantName": kind} | more
    points = account.aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=time.time() - 300,
        EndTime=time.time() + 60,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


class TestCapture:
    def test_keeps_what_was_asked_and_answered(self, account: Account) -> None:
        """
        A line per request in SageMaker's format: JSON as it is, with the inference id where one was sent.
        """
        name = served(account, DataCaptureConfig=capture(account))
        account.invoke(name, [1, 2], InferenceId="booking-1")

        (line,) = captured(account, name, 1)

        assert line["eventVersion"] == "0"
        assert line["eventMetadata"]["inferenceId"] == "booking-1"
        assert time.strptime(line["eventMetadata"]["inferenceTime"], "%Y-%m-%dT%H:%M:%SZ")
        assert line["captureData"]["endpointInput"] == {
            "observedContentType": "application/json",
            "mode": "INPUT",
            "data": "[1, 2]",
            "encoding": "JSON",
        }
        output = line["captureData"]["endpointOutput"]
        assert (output["mode"], output["encoding"]) == ("OUTPUT", "JSON")
        assert json.loads(output["data"])["scaled"] == [2.0, 4.0]

    def test_other_content_is_base64_and_options_are_honoured(self, account: Account) -> None:
        """
        Without a content type among those of the header data is BASE64; only the input is kept where only
        that is asked for.
        """
        config = capture(account, 100, "Input", CaptureContentTypeHeader={"CsvContentTypes": ["text/csv"]})
        name = served(account, DataCaptureConfig=config)
        account.invoke(name, [3], ContentType="application/json")

        (line,) = captured(account, name, 1)

        assert list(line["captureData"]) == ["endpointInput"]
        assert line["captureData"]["endpointInput"]["encoding"] == "BASE64"
        assert base64.b64decode(line["captureData"]["endpointInput"]["data"]) == b"[3]"
        assert "inferenceId" not in line["eventMetadata"]

    def test_takes_a_sample(self, account: Account) -> None:
        """
        InitialSamplingPercentage is the share of requests that are kept.
        """
        name = served(account, DataCaptureConfig=capture(account, 50))
        for _ in range(80):
            account.invoke(name)

        captured(account, name, 1)
        time.sleep(1)

        assert 20 <= len(captured(account, name, 1)) <= 60

    def test_writes_as_the_models_role(self, account: Account) -> None:
        """
        A role that may not write to the bucket: the endpoint answers, and its log says what is lost.
        """
        reader = replace(make_account(account.aws, actions=("s3:Get*", "s3:List*")), bucket=account.bucket)
        name = served(reader, DataCaptureConfig=capture(account))
        assert reader.invoke(name)["Body"]["tag"] == "1"
        logs = account.aws.client("logs")

        def told() -> list[str]:
            found = logs.filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["events"]
            return [event["message"] for event in found if "cannot be written" in event["message"]]

        (message,) = until(told, bool)
        assert f"s3://{account.bucket}/capture/{name}/AllTraffic/" in message
        assert "AccessDenied" in message


class TestShadow:
    def test_gets_copies_whose_answers_are_kept_and_never_given(self, account: Account) -> None:
        """
        Every request is mirrored (weights are equal), counted for the shadow variant alone, and its answer
        captured under the shadow's name with the request's inference id.
        """
        model = account.model(account.name("m"), TAG="2", DELAY="0.2")
        name = served(
            account,
            ShadowProductionVariants=[variant("v-2", model)],
            DataCaptureConfig=capture(account),
        )
        answers = [account.invoke(name, InferenceId=f"id-{number}") for number in range(10)]

        mirrored = captured(account, name, 10, "v-2")

        assert {answer["Body"]["tag"] for answer in answers} == {"1"}
        assert {answer["InvokedProductionVariant"] for answer in answers} == {"AllTraffic"}
        assert {line["eventMetadata"]["inferenceId"] for line in mirrored} == {
            f"id-{number}" for number in range(10)
        }
        outputs = [json.loads(line["captureData"]["endpointOutput"]["data"]) for line in mirrored]
        assert {output["tag"] for output in outputs} == {"2"}
        assert len(captured(account, name, 10)) == 10
        assert until(lambda: total(account, name, "v-2"), lambda count: count == 10)
        assert total(account, name, "v-2", EndpointConfigName=name) == 10
        assert total(account, name, "AllTraffic") == 10
        described = account.sagemaker.describe_endpoint(EndpointName=name)
        assert [one["VariantName"] for one in described["ShadowProductionVariants"]] == ["v-2"]
        with pytest.raises(ClientError, match="v-2 is not found"):
            account.invoke(name, TargetVariant="v-2")

    def test_gets_a_share_and_its_errors_are_nobodys(self, account: Account) -> None:
        """
        Its weight in units of the production variant's is the share that is mirrored; what it answers with
        an error is counted, and the caller has the champion's answer.
        """
        model = account.model(account.name("m"), STATUS="500")
        name = served(account, ShadowProductionVariants=[variant("v-2", model, 0.5)])
        for _ in range(80):
            assert account.invoke(name)["Body"]["tag"] == "1"

        assert until(lambda: total(account, name, "AllTraffic"), lambda count: count == 80)
        assert 20 <= total(account, name, "v-2", "Invocation5XXErrors") <= 60
        assert total(account, name, "AllTraffic", "Invocation5XXErrors") == 0

    def test_gets_another_share_and_other_instances_in_place(self, account: Account) -> None:
        """
        UpdateEndpointWeightsAndCapacities takes it like a production variant, and the endpoint says so.
        """
        model = account.model(account.name("m"), TAG="2")
        name = served(account, ShadowProductionVariants=[variant("v-2", model)])
        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[
                {"VariantName": "v-2", "DesiredWeight": 0.0, "DesiredInstanceCount": 2}
            ],
        )
        (shadow,) = account.settled_endpoint(name)["ShadowProductionVariants"]
        for _ in range(10):
            account.invoke(name)

        assert (shadow["CurrentWeight"], shadow["CurrentInstanceCount"]) == (0.0, 2)
        assert until(lambda: total(account, name, "AllTraffic"), lambda count: count == 10)
        assert total(account, name, "v-2") == 0

    def test_one_beside_one_is_all_there_can_be(self, account: Account) -> None:
        """
        Exactly one production and one shadow variant, under different names.
        """
        model = account.model(account.name("m"))
        one = variant("AllTraffic", model)

        for production, shadows in (
            ([one], [variant("a", model), variant("b", model)]),
            ([one, variant("b", model)], [variant("a", model)]),
            ([one], [one]),
        ):
            with pytest.raises(ClientError, match=r"one shadow variant only|must be unique"):
                account.sagemaker.create_endpoint_config(
                    EndpointConfigName=account.name("c"),
                    ProductionVariants=production,
                    ShadowProductionVariants=shadows,
                )
