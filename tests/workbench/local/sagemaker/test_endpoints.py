"""Endpoints of the embedded SageMaker and their runtime."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


def invoke(account: Account, name: str, body: bytes = b"[1, 2]", **options: Any) -> dict[str, Any]:
    """Invoke with raw bytes; the body read as JSON."""
    response = account.aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=body, ContentType="application/json", **options
    )
    return dict(response) | {"Body": json.loads(response["Body"].read())}


@pytest.fixture(scope="module")
def endpoint(account: Account) -> str:
    """An endpoint that the module's tests only ask."""
    return account.endpoint(TAG="1")


class TestInvocation:
    def test_is_answered_by_the_models_program(self, account: Account, endpoint: str) -> None:
        """
        The program gets body and headers; its answer comes back with variant and custom attributes.
        """
        answer = invoke(
            account, endpoint, CustomAttributes="trace=1", InferenceId="abc", Accept="application/json"
        )

        assert answer["Body"]["scaled"] == [2.0, 4.0]
        assert answer["Body"]["headers"]["x-amzn-sagemaker-custom-attributes"] == "trace=1"
        assert answer["Body"]["headers"]["x-amzn-sagemaker-inference-id"] == "abc"
        assert answer["ContentType"] == "application/json"
        assert answer["InvokedProductionVariant"] == "AllTraffic"
        assert answer["CustomAttributes"] == "model=tiny;version=1"

    def test_a_models_error_is_a_model_error(self, account: Account) -> None:
        """
        A status of 500 comes back as ModelError with the original status and message.
        """
        name = account.endpoint("broken", STATUS="500")

        with pytest.raises(ClientError) as refused:
            invoke(account, name)

        response: dict[str, Any] = refused.value.response
        assert response["Error"]["Code"] == "ModelError"
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
        assert (response["OriginalStatusCode"], json.loads(response["OriginalMessage"])["tag"]) == (500, "")
        assert response["LogStreamArn"].endswith(f":/aws/sagemaker/Endpoints/{name}")

    def test_bodies_over_6_mib_are_refused(self, account: Account, endpoint: str) -> None:
        """
        What the service's model does not allow is refused before it reaches the program.
        """
        with pytest.raises(ClientError, match="less than or equal to 6291456"):
            invoke(account, endpoint, b"x" * 6291457)

    def test_unknown_endpoints_and_variants_are_told(self, account: Account, endpoint: str) -> None:
        """
        A wrong name is a ValidationError, in SageMaker's words.
        """
        with pytest.raises(ClientError, match="Endpoint nobody of account 000000000000 not found"):
            invoke(account, "nobody")
        with pytest.raises(ClientError, match="Variant nobody is not found"):
            invoke(account, endpoint, TargetVariant="nobody")

    def test_is_counted_in_cloudwatch(self, account: Account) -> None:
        """
        Invocations and ModelLatency (microseconds) are measured for each variant.
        """
        name = account.endpoint("counted")
        for _ in range(3):
            invoke(account, name)
        cloudwatch = account.aws.client("cloudwatch")
        dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "AllTraffic"}]

        def total(metric: str, statistic: str) -> float:
            points = cloudwatch.get_metric_statistics(
                Namespace="AWS/SageMaker",
                MetricName=metric,
                Dimensions=dimensions,
                StartTime=time.time() - 300,
                EndTime=time.time() + 60,
                Period=3600,
                Statistics=[statistic],
            )["Datapoints"]
            return sum(point[statistic] for point in points)

        assert until(lambda: total("Invocations", "Sum"), lambda count: count == 3)
        assert 10 < total("ModelLatency", "Maximum") < 5e6


class TestEndpoint:
    def test_tells_what_it_serves(self, account: Account, endpoint: str) -> None:
        """
        The description names configuration, variants and the image by digest.
        """
        described = account.sagemaker.describe_endpoint(EndpointName=endpoint)

        (variant,) = described["ProductionVariants"]
        assert described["EndpointConfigName"] == endpoint
        assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (1, 1.0)
        assert "@sha256:" in variant["DeployedImages"][0]["ResolvedImage"]

    def test_a_program_that_ends_at_start_fails_it(self, account: Account) -> None:
        """
        Without the artifact the program exits: Failed at once, with the reason; an update is refused,
        deletion works.
        """
        name = account.name("dead")
        account.sagemaker.create_model(
            ModelName=name, PrimaryContainer={"Image": account.image}, ExecutionRoleArn=account.role
        )
        account.config(name, name)
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

        failed = account.settled_endpoint(name)

        assert failed["EndpointStatus"] == "Failed"
        assert "did not pass the ping health check" in failed["FailureReason"]
        with pytest.raises(ClientError, match="Cannot update endpoint"):
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=name)
        account.sagemaker.delete_endpoint(EndpointName=name)
        with pytest.raises(ClientError, match="Could not find endpoint"):
            until(lambda: account.sagemaker.describe_endpoint(EndpointName=name), lambda _: False)

    def test_update_switches_without_a_gap(self, account: Account) -> None:
        """
        While an endpoint is updated every request is answered, first by the old model, at last by the
        new one.
        """
        name = account.endpoint("switch", TAG="1")
        account.config(f"{name}-2", account.model(f"{name}-2", TAG="2"))
        tags: list[str] = []
        ended = threading.Event()

        def ask() -> None:
            while not ended.is_set():
                tags.append(invoke(account, name)["Body"]["tag"])

        thread = threading.Thread(target=ask)
        thread.start()
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
        during = account.sagemaker.describe_endpoint(EndpointName=name)
        settled = account.settled_endpoint(name)
        seen = len(tags)
        until(lambda: len(tags), lambda count: count > seen + 5)
        ended.set()
        thread.join()

        assert during["EndpointStatus"] == "Updating"
        assert settled["EndpointConfigName"] == f"{name}-2"
        assert (tags[0], tags[-1]) == ("1", "2")
        assert sorted(tags) == tags

    def test_a_bad_update_rolls_back(self, account: Account) -> None:
        """
        New processes that do not become healthy: the endpoint is InService again with the OLD configuration.
        """
        name = account.endpoint("back", TAG="1")
        bad = f"{name}-bad"
        account.sagemaker.create_model(
            ModelName=bad, PrimaryContainer={"Image": account.image}, ExecutionRoleArn=account.role
        )
        account.config(bad, bad)
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=bad)

        settled = account.settled_endpoint(name)

        assert (settled["EndpointStatus"], settled["EndpointConfigName"]) == ("InService", name)
        assert invoke(account, name)["Body"]["tag"] == "1"

    def test_an_alarm_while_baking_rolls_back(self, account: Account) -> None:
        """
        AutoRollbackConfiguration: an alarm in ALARM after the switch brings the old fleet back.
        """
        name = account.endpoint("bake", TAG="1")
        cloudwatch = account.aws.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName="Invocation5XXErrors",
            Namespace="AWS/SageMaker",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.5,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        account.config(f"{name}-2", account.model(f"{name}-2", TAG="2"))
        account.sagemaker.update_endpoint(
            EndpointName=name,
            EndpointConfigName=f"{name}-2",
            DeploymentConfig={
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
                    "TerminationWaitInSeconds": 20,
                },
                "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name}]},
            },
        )
        until(lambda: invoke(account, name)["Body"]["tag"], lambda tag: tag == "2")
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="as the test wants it")

        settled = account.settled_endpoint(name)

        assert settled["EndpointConfigName"] == name
        assert invoke(account, name)["Body"]["tag"] == "1"

    def test_a_crashed_process_is_restarted(self, account: Account) -> None:
        """
        A serving process that ends is started again; requests wait for it.
        """
        name = account.endpoint("crash")
        with pytest.raises(ClientError):
            invoke(account, name, b"crash")

        def answered() -> bool:
            try:
                return bool(invoke(account, name)["Body"]["scaled"] == [2.0, 4.0])
            except ClientError:
                return False

        assert until(answered, bool)

    def test_variants_share_the_traffic_by_weight(self, account: Account) -> None:
        """
        Two variants get requests by weight; UpdateEndpointWeightsAndCapacities changes it in place,
        TargetVariant overrides it.
        """
        name = account.name("ab")
        account.config(name, account.model(f"{name}-a", TAG="a"), account.model(f"{name}-b", TAG="b"))
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        account.settled_endpoint(name)
        both = {invoke(account, name)["Body"]["tag"] for _ in range(40)}
        targeted = {invoke(account, name, TargetVariant="Variant1")["Body"]["tag"] for _ in range(5)}

        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[{"VariantName": "Variant1", "DesiredWeight": 0.0}],
        )
        settled = account.settled_endpoint(name)
        afterwards = {invoke(account, name)["Body"]["tag"] for _ in range(20)}

        assert (both, targeted, afterwards) == ({"a", "b"}, {"b"}, {"a"})
        weights = {v["VariantName"]: v["CurrentWeight"] for v in settled["ProductionVariants"]}
        assert weights == {"AllTraffic": 1.0, "Variant1": 0.0}

    def test_an_endpoint_in_progress_is_not_touched(self, account: Account) -> None:
        """
        While it is created it can neither be updated nor deleted.
        """
        name = account.name("busy")
        account.config(name, account.model(name))
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            account.sagemaker.delete_endpoint(EndpointName=name)

        account.settled_endpoint(name)
        with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
            account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


class TestScaledVariant:
    """A variant that is registered with Application Auto Scaling."""

    @pytest.fixture
    def scaled(self, account: Account) -> Any:
        """An endpoint that is a target, and what it takes to name the target."""
        name = account.endpoint("scaled")
        target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{name}/variant/AllTraffic",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        account.aws.client("application-autoscaling").register_scalable_target(
            **target, MinCapacity=1, MaxCapacity=2
        )
        return name, target

    def test_keeps_its_instance_type(self, account: Account, scaled: Any) -> None:
        """
        An update to another instance type is refused until the target is deregistered.
        """
        name, target = scaled
        larger = account.config(
            account.name("larger"), account.model(account.name("m")), instance_type="ml.m5.xlarge"
        )

        with pytest.raises(ClientError, match="registered scalable target") as refused:
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=larger)
        account.aws.client("application-autoscaling").deregister_scalable_target(**target)
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=larger)

        assert refused.value.response["Error"]["Code"] == "ValidationException"
        assert account.settled_endpoint(name)["EndpointConfigName"] == larger

    def test_may_have_another_model(self, account: Account, scaled: Any) -> None:
        """
        An update that keeps the instance type is done, target or not.
        """
        name, _ = scaled
        other = account.config(account.name("other"), account.model(account.name("m")))
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)

        assert account.settled_endpoint(name)["EndpointConfigName"] == other
