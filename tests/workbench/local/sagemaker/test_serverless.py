"""Serverless endpoints of the embedded SageMaker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded

FAST = 3600


def configure(account: Account, name: str, *, model: str | None = None, **serverless: int) -> str:
    """An endpoint configuration with one serverless variant; its name."""
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model or account.model(name, DELAY="0.4"),
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 2} | serverless,
    }
    account.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    return name


def create(account: Account, **serverless: int) -> str:
    """A serverless endpoint in service; its name."""
    name = account.name("serverless")
    configure(account, name, **serverless)
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert account.settled_endpoint(name)["EndpointStatus"] == "InService"
    return name


def setups(account: Account, name: str) -> int:
    """Cold starts that CloudWatch knows of."""
    found = account.aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SageMaker",
                        "MetricName": "ModelSetupTime",
                        "Dimensions": [
                            {"Name": "EndpointName", "Value": name},
                            {"Name": "VariantName", "Value": "AllTraffic"},
                        ],
                    },
                    "Period": 3600,
                    "Stat": "SampleCount",
                },
            }
        ],
        StartTime="2020-01-01",
        EndTime="2100-01-01",
    )
    return int(sum(found["MetricDataResults"][0]["Values"]))


def at_once(account: Account, name: str, requests: int) -> list[Any]:
    """Simultaneous requests; of each the process that answered, or the error's code."""
    client = account.aws.client(
        "sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}), region_name="us-east-1"
    )

    def ask(_number: int) -> Any:
        try:
            return account.invoke_by(client, name)["Body"]["instance"]
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(requests) as pool:
        return list(pool.map(ask, range(requests)))


class TestServerless:
    def test_starts_with_the_first_request(self, account: Account) -> None:
        """
        Nothing runs until somebody asks; what then was started answers the next requests, too, and is
        ended when nobody asks any more.
        """
        name = create(account)
        before = setups(account, name)
        first = account.invoke(name)["Body"]["instance"]
        second = account.invoke(name)["Body"]["instance"]
        until(lambda: setups(account, name), lambda count: count == 1)
        with account.aws.speed(FAST):
            # an idle environment is ended, so that the next request is answered by another one
            third = until(lambda: account.invoke(name)["Body"]["instance"], lambda found: found != first)

        described = account.sagemaker.describe_endpoint(EndpointName=name)
        (variant,) = described["ProductionVariants"]
        assert before == 0
        assert first == second != third
        assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 1024, "MaxConcurrency": 2}
        assert "CurrentInstanceCount" not in variant

    def test_requests_at_a_time_have_their_own_environments_up_to_a_limit(self, account: Account) -> None:
        """
        Two requests are answered by two processes; with MaxConcurrency 2 others meanwhile are throttled.
        """
        name = create(account)

        found = at_once(account, name, 6)

        answered = {one for one in found if one != "ThrottlingException"}
        assert len(answered) == 2
        assert len(found) - len(answered) == 4

    def test_provisioned_concurrency_is_kept_warm(self, account: Account) -> None:
        """
        What is provisioned answers without a cold start, stays when idle, and can be changed in place.
        """
        name = create(account, ProvisionedConcurrency=1)
        with account.aws.speed(FAST):
            answers = {account.invoke(name)["Body"]["instance"] for _ in range(4)}
        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[
                {"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"ProvisionedConcurrency": 2}}
            ],
        )
        (variant,) = account.settled_endpoint(name)["ProductionVariants"]

        assert len(answers) == 1
        assert variant["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 2
        assert len(set(at_once(account, name, 2))) == 2

    def test_bodies_over_4_mib_are_refused(self, account: Account) -> None:
        """
        A serverless endpoint takes less than one with instances.
        """
        name = create(account)

        with pytest.raises(ClientError, match="less than or equal to 4194304"):
            account.aws.client("sagemaker-runtime").invoke_endpoint(
                EndpointName=name, Body=b" " * (4 << 20) + b"[1]"
            )

    def test_a_model_that_cannot_start_fails_the_endpoint(self, account: Account) -> None:
        """
        Whether the model answers pings is found at creation, not by the first request.
        """
        name = account.name("broken")
        artifact = {"Image": account.image, "ModelDataUrl": f"s3://{account.bucket}/nothing.tar.gz"}
        account.sagemaker.create_model(
            ModelName=name, PrimaryContainer=artifact, ExecutionRoleArn=account.role
        )
        configure(account, name, model=name)
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

        assert "Failed to download model data" in account.settled_endpoint(name)["FailureReason"]

    @pytest.mark.parametrize(
        ("variant", "config", "told"),
        [
            ({"MemorySizeInMB": 1500}, {}, "must be one of 1024"),
            ({"ProvisionedConcurrency": 3}, {}, "must not be greater than MaxConcurrency"),
            ({}, {"KmsKeyId": "key"}, "KmsKeyId is of instances"),
            (
                {},
                {
                    "DataCaptureConfig": {
                        "EnableCapture": True,
                        "InitialSamplingPercentage": 100,
                        "DestinationS3Uri": "s3://b/c",
                        "CaptureOptions": [{"CaptureMode": "Input"}],
                    }
                },
                "Data capture is not supported",
            ),
            (
                {},
                {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}},
                "cannot be given with ServerlessConfig",
            ),
        ],
    )
    def test_has_not_what_instances_have(
        self, account: Account, variant: dict[str, int], config: dict[str, Any], told: str
    ) -> None:
        """
        What SageMaker does not offer for serverless variants is refused when they are configured.
        """
        name = account.name("bad")
        serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 2} | variant

        with pytest.raises(ClientError, match=told):
            account.sagemaker.create_endpoint_config(
                EndpointConfigName=name,
                ProductionVariants=[
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": account.model(name),
                        "ServerlessConfig": serverless,
                    }
                ],
                **config,
            )

    def test_instances_do_not_become_serverless(self, account: Account) -> None:
        """
        An endpoint with instances cannot be updated to serverless; a serverless one can get instances.
        """
        name = create(account)
        model = account.model(account.name("m"))
        instances = account.config(account.name("c"), model)
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=instances)
        settled = account.settled_endpoint(name)

        with pytest.raises(ClientError, match="from real-time to serverless"):
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=name)

        assert settled["EndpointConfigName"] == instances
        assert settled["ProductionVariants"][0]["CurrentInstanceCount"] == 1
