"""Asynchronous endpoints of the embedded SageMaker."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import Account, make_account, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import EmbeddedAws

pytestmark = pytest.mark.embedded

FAST = 60


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    """An account whose role may publish, too."""
    return make_account(embedded_aws, actions=("s3:*", "sns:Publish"))


@pytest.fixture(scope="module")
def topic(account: Account) -> tuple[str, Callable[[str], dict[str, Any]]]:
    """A topic, and how to wait for its message about an inference id."""
    sns, sqs = account.aws.client("sns"), account.aws.client("sqs")
    arn: str = sns.create_topic(Name=account.name("results"))["TopicArn"]
    url = sqs.create_queue(QueueName=account.name("results"))["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    found: dict[str, dict[str, Any]] = {}

    def told(inference_id: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                document = json.loads(message["Body"])
                found[document["inferenceId"]] = document
            return found.get(inference_id)

        message: dict[str, Any] = until(look, bool)
        return message

    return arn, told


@pytest.fixture(scope="module")
def endpoint(account: Account, topic: Any) -> str:
    """An asynchronous endpoint that tells its topic of everything."""
    topics = {"SuccessTopic": topic[0], "ErrorTopic": topic[0]}
    return account.endpoint("async", account.asynchronous(NotificationConfig=topics))


class TestAsynchronousInvocation:
    def test_is_answered_with_where_the_result_will_lie(
        self, account: Account, topic: Any, endpoint: str
    ) -> None:
        """
        The request is accepted with 202; the program gets the input from S3 with the request's headers,
        its answer lies at the OutputLocation, and the topic is told in SageMaker's shape.
        """
        inference_id = str(uuid.uuid4())
        answer = account.invoke_async(endpoint, InferenceId=inference_id, CustomAttributes="trace=1")

        result = account.result(answer["OutputLocation"])
        message = topic[1](inference_id)

        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert answer["InferenceId"] == inference_id
        assert answer["FailureLocation"].startswith(f"s3://{account.bucket}/async/failed/")
        assert result["scaled"] == [2.0, 4.0]
        assert result["headers"]["x-amzn-sagemaker-custom-attributes"] == "trace=1"
        assert result["headers"]["x-amzn-sagemaker-inference-id"] == inference_id
        assert message["invocationStatus"] == "Completed"
        assert message["responseParameters"]["outputLocation"] == answer["OutputLocation"]
        assert message["requestParameters"]["endpointName"] == endpoint
        assert message["eventName"] == "InferenceResult"

    def test_takes_small_inputs_inline(self, account: Account, endpoint: str) -> None:
        """
        A body in the request itself needs no object in S3; the result can have a name of its own.
        """
        runtime = account.aws.client("sagemaker-runtime")
        answer = runtime.invoke_endpoint_async(
            EndpointName=endpoint, Body=b"[3]", S3OutputPathExtension="inline", Filename="three.json"
        )

        assert answer["OutputLocation"] == f"s3://{account.bucket}/async/out/inline/three.json"
        assert account.result(answer["OutputLocation"])["scaled"] == [6.0]

    @pytest.mark.parametrize(
        ("body", "reason"), [("not a list", "closed the connection"), (None, "Failed to download")]
    )
    def test_failures_lie_at_the_failure_location(
        self, account: Account, topic: Any, endpoint: str, body: str | None, reason: str
    ) -> None:
        """
        What the program or the download fails at is told to the error topic, and lies in S3.
        """
        inference_id = str(uuid.uuid4())
        missing = {"InputLocation": f"s3://{account.bucket}/nothing"} if body is None else {}
        answer = account.invoke_async(endpoint, body, InferenceId=inference_id, **missing)

        message = topic[1](inference_id)
        account.result(answer["FailureLocation"])

        assert message["invocationStatus"] == "Failed"
        assert reason in message["failureReason"]

    def test_each_kind_has_its_own_operation(self, account: Account, endpoint: str) -> None:
        """
        InvokeEndpoint is refused here, and InvokeEndpointAsync where it does not belong.
        """
        real_time = account.endpoint("real")

        with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
            account.invoke(endpoint)
        with pytest.raises(ClientError, match="use InvokeEndpoint"):
            account.invoke_async(real_time)
        with pytest.raises(ClientError, match="Exactly one of InputLocation and Body"):
            account.aws.client("sagemaker-runtime").invoke_endpoint_async(EndpointName=endpoint)

    def test_does_not_become_real_time(self, account: Account, endpoint: str) -> None:
        """
        UpdateEndpoint refuses to change the kind.
        """
        other = account.config(account.name("c"), account.model(account.name("m")))

        with pytest.raises(ClientError, match="from asynchronous to real-time"):
            account.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=other)


class TestScaleToZero:
    def test_goes_to_no_instance_and_comes_back(self, account: Account) -> None:
        """
        By its backlog an asynchronous variant is scaled to nothing, and to something again when requests
        wait: they are answered then, none is lost.
        """
        name = account.endpoint("zero", account.asynchronous())
        scaling = account.aws.client("application-autoscaling")
        target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{name}/variant/AllTraffic",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Dimensions": [{"Name": "EndpointName", "Value": name}],
            "Statistic": "Average",
        }

        def count() -> int:
            (variant,) = account.settled_endpoint(name)["ProductionVariants"]
            return int(variant["CurrentInstanceCount"])

        with account.aws.speed(FAST):
            scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
            scaling.put_scaling_policy(
                **target,
                PolicyName="backlog",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": 2.0,
                    "CustomizedMetricSpecification": metric,
                    "ScaleOutCooldown": 60,
                    "ScaleInCooldown": 60,
                },
            )
            assert until(count, lambda found: found == 0, 60) == 0
            waiting = [account.invoke_async(name, [number]) for number in range(6)]
            found = [account.result(one["OutputLocation"], 60)["scaled"] for one in waiting]

        assert found == [[2.0 * number] for number in range(6)]
