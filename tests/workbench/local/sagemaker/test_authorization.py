"""IAM holds for the embedded SageMaker as for AWS's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded

BASE = "arn:aws:sagemaker:us-east-1:000000000000:"


def somebody(account: Account, service: str, *statements: tuple[list[str], str]) -> Any:
    """A client of a user who may do these actions on these resources, and nothing else."""
    iam, name = account.aws.client("iam"), account.name("user")
    iam.create_user(UserName=name)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in statements
        ],
    }
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return account.aws.client(
        service,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


class TestAuthorization:
    def test_policies_name_resources(self, account: Account) -> None:
        """
        What is allowed on one endpoint is denied on another, for the control plane and the runtime.
        """
        name = account.endpoint("mine")
        allowed = (["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"], f"{BASE}endpoint/{name}")
        client, runtime = (
            somebody(account, service, allowed) for service in ("sagemaker", "sagemaker-runtime")
        )

        assert client.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"
        assert runtime.invoke_endpoint(EndpointName=name, Body=b"[1]")["InvokedProductionVariant"]
        with pytest.raises(ClientError, match="sagemaker:DescribeEndpoint"):
            client.describe_endpoint(EndpointName="other")
        with pytest.raises(ClientError, match="sagemaker:InvokeEndpoint"):
            runtime.invoke_endpoint(EndpointName="other", Body=b"[1]")

    def test_asynchronous_requests_are_an_action_of_their_own(self, account: Account) -> None:
        """
        Who may invoke an endpoint may not invoke it asynchronously.
        """
        name = account.endpoint("async", account.asynchronous())
        client = somebody(
            account, "sagemaker-runtime", (["sagemaker:InvokeEndpoint"], f"{BASE}endpoint/{name}")
        )

        with pytest.raises(ClientError, match="sagemaker:InvokeEndpointAsync"):
            client.invoke_endpoint_async(EndpointName=name, Body=b"[1]")

    def test_an_endpoint_needs_its_configuration_too(self, account: Account) -> None:
        """
        CreateEndpoint is checked on the endpoint and on the endpoint configuration.
        """
        name = account.name("half")
        account.config(name, account.model(name))
        client = somebody(account, "sagemaker", (["sagemaker:CreateEndpoint"], f"{BASE}endpoint/*"))

        with pytest.raises(ClientError, match=f"endpoint-config/{name}"):
            client.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def test_tags_at_creation_need_add_tags(self, account: Account) -> None:
        """
        Making a resource with tags is denied to those who may not tag.
        """
        client = somebody(account, "sagemaker", (["sagemaker:CreateModelPackageGroup"], "*"))
        tags = [{"Key": "team", "Value": "pricing"}]

        client.create_model_package_group(ModelPackageGroupName=account.name("g"))
        with pytest.raises(ClientError, match="sagemaker:AddTags"):
            client.create_model_package_group(ModelPackageGroupName=account.name("g"), Tags=tags)
