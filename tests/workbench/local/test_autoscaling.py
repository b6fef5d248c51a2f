"""Application Auto Scaling of the embedded AWS."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import EmbeddedAws

pytestmark = pytest.mark.embedded

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
ALARM: dict[str, Any] = {
    "Namespace": "AWS/SageMaker",
    "MetricName": "HasBacklogWithoutCapacity",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


@pytest.fixture
def target(embedded_aws: EmbeddedAws) -> dict[str, Any]:
    """A registered target's identity."""
    identity = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/e-{uuid.uuid4().hex[:8]}/variant/AllTraffic",
        "ScalableDimension": DIMENSION,
    }
    embedded_aws.client("application-autoscaling").register_scalable_target(
        **identity, MinCapacity=1, MaxCapacity=3
    )
    return identity


def tracking(value: float) -> dict[str, Any]:
    """A target tracking policy of invocations per instance and minute."""
    return {
        "PolicyName": "invocations",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": value,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    }


class TestAutoscaling:
    def test_registering_again_changes_the_target(
        self, embedded_aws: EmbeddedAws, target: dict[str, Any]
    ) -> None:
        """
        RegisterScalableTarget makes or changes; the description says what holds.
        """
        client = embedded_aws.client("application-autoscaling")
        client.register_scalable_target(**target, MaxCapacity=5)

        (found,) = client.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]]
        )["ScalableTargets"]

        assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 5)

    def test_target_tracking_makes_two_alarms(
        self, embedded_aws: EmbeddedAws, target: dict[str, Any]
    ) -> None:
        """
        A policy has an alarm for too many and one for too few invocations; deregistering takes all away.
        """
        client, cloudwatch = embedded_aws.client("application-autoscaling"), embedded_aws.client("cloudwatch")
        alarms = client.put_scaling_policy(**target, **tracking(1000))["Alarms"]
        names = [alarm["AlarmName"] for alarm in alarms]
        made = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]

        client.deregister_scalable_target(**target)

        assert sorted(alarm["Threshold"] for alarm in made) == [900.0, 1000.0]
        assert cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] == []
        assert not client.describe_scaling_policies(
            ServiceNamespace="sagemaker", ResourceId=target["ResourceId"]
        )["ScalingPolicies"]

    def test_step_scaling_names_the_alarms_that_call_it(
        self, embedded_aws: EmbeddedAws, target: dict[str, Any]
    ) -> None:
        """
        People make these alarms; whoever puts a policy somewhere else finds them by its description.
        """
        client, cloudwatch = embedded_aws.client("application-autoscaling"), embedded_aws.client("cloudwatch")
        step = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}
        made = client.put_scaling_policy(
            **target,
            PolicyName="from-zero",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step]},
        )
        alarm = f"from-zero-{uuid.uuid4().hex[:8]}"
        cloudwatch.put_metric_alarm(**ALARM, AlarmName=alarm, AlarmActions=[made["PolicyARN"]])
        cloudwatch.put_metric_alarm(**ALARM, AlarmName=f"{alarm}-other", AlarmActions=[])

        (policy,) = client.describe_scaling_policies(
            ServiceNamespace="sagemaker", ResourceId=target["ResourceId"]
        )["ScalingPolicies"]
        assert [one["AlarmName"] for one in policy["Alarms"]] == [alarm]

    def test_alarms_of_target_tracking_survive_a_kill(
        self, start_aws: Callable[..., Any], tmp_path: Path
    ) -> None:
        """
        A policy that is there has its alarms, else nothing would ever scale again; one that went has none.
        """
        aws, process = start_aws(tmp_path)
        identity = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": "endpoint/e/variant/AllTraffic",
            "ScalableDimension": DIMENSION,
        }
        client = aws.client("application-autoscaling")
        client.register_scalable_target(**identity, MinCapacity=1, MaxCapacity=3)
        gone = identity | {"ResourceId": "endpoint/gone/variant/AllTraffic"}
        client.register_scalable_target(**gone, MinCapacity=1, MaxCapacity=3)
        client.put_scaling_policy(**gone, **tracking(1000))
        # with any datapoint comes the next snapshot, which has its alarms
        aws.client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
        snapshot = tmp_path / "state" / "cloudwatch.json"
        deadline = time.monotonic() + 60
        while not (snapshot.exists() and "endpoint/gone" in snapshot.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        made = client.put_scaling_policy(**identity, **tracking(1000))["Alarms"]
        client.deregister_scalable_target(**gone)
        process.kill()
        process.wait()
        again, _ = start_aws(tmp_path)

        names = {alarm["AlarmName"] for alarm in made}

        def there() -> set[str]:
            found = again.client("cloudwatch").describe_alarms()["MetricAlarms"]
            return {alarm["AlarmName"] for alarm in found}

        deadline = time.monotonic() + 20
        while there() != names:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_a_policy_needs_its_target(self, embedded_aws: EmbeddedAws) -> None:
        """
        PutScalingPolicy for what was not registered is an ObjectNotFoundException.
        """
        with pytest.raises(ClientError) as refused:
            embedded_aws.client("application-autoscaling").put_scaling_policy(
                ServiceNamespace="sagemaker",
                ResourceId="endpoint/nobody/variant/AllTraffic",
                ScalableDimension=DIMENSION,
                **tracking(10),
            )

        assert refused.value.response["Error"]["Code"] == "ObjectNotFoundException"

    @pytest.mark.parametrize(
        "changes",
        [
            {"PolicyType": "StepScaling"},
            {"PolicyType": "PredictiveScaling"},
            {
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1.0,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
                    },
                }
            },
            {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 1.0}},
            {"PolicyName": "another"},
        ],
    )
    def test_bad_policies_are_refused(
        self, embedded_aws: EmbeddedAws, target: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        """
        A policy's type and configuration belong together, its metric is one of variants, and no other
        policy of the target tracks it.
        """
        client = embedded_aws.client("application-autoscaling")
        client.put_scaling_policy(**target, **tracking(1000))

        with pytest.raises(ClientError) as refused:
            client.put_scaling_policy(**target, **(tracking(10) | changes))

        assert refused.value.response["Error"]["Code"] == "ValidationException"

    def test_customized_metrics_are_tracked(self, embedded_aws: EmbeddedAws, target: dict[str, Any]) -> None:
        """
        The alarms of a customized metric look at that metric, its dimensions and its statistic.
        """
        client, cloudwatch = embedded_aws.client("application-autoscaling"), embedded_aws.client("cloudwatch")
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
            "Statistic": "Average",
        }
        policy = tracking(5)
        policy["TargetTrackingScalingPolicyConfiguration"] = {
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": metric,
            "DisableScaleIn": True,
        }

        (made,) = client.put_scaling_policy(**target, **policy)["Alarms"]

        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[made["AlarmName"]])["MetricAlarms"]
        assert {name: alarm[name] for name in metric} == metric

    @pytest.mark.parametrize("changes", [{"MinCapacity": 4}, {"ResourceId": "endpoint/x"}])
    def test_bad_targets_are_refused(self, embedded_aws: EmbeddedAws, changes: dict[str, Any]) -> None:
        """
        Capacities the wrong way round, and resources that are no variant, are refused.
        """
        request = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": "endpoint/x/variant/y",
            "ScalableDimension": DIMENSION,
            "MinCapacity": 1,
            "MaxCapacity": 3,
        } | changes

        with pytest.raises(ClientError) as refused:
            embedded_aws.client("application-autoscaling").register_scalable_target(**request)

        assert refused.value.response["Error"]["Code"] == "ValidationException"
