"""Application Auto Scaling that starts and ends serving processes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded

FAST = 60
"""At this speed a minute of alarms and cool-downs is a second."""


class Variant:
    """An endpoint's only variant, as a scalable target."""

    def __init__(self, account: Account, *, least: int = 1, most: int = 3, **environment: str) -> None:
        self.account = account
        self.name = account.endpoint("scaled", **environment)
        self.client = account.aws.client("application-autoscaling")
        self.target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self.name}/variant/AllTraffic",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        self.register(MinCapacity=least, MaxCapacity=most)

    def register(self, **changes: Any) -> None:
        self.client.register_scalable_target(**self.target, **changes)

    def count(self) -> int:
        """Instances that it has, once nothing changes."""
        (variant,) = self.account.settled_endpoint(self.name)["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])

    def reaches(self, count: int, seconds: float = 40) -> bool:
        return bool(until(self.count, lambda found: found == count, seconds) == count)

    def causes(self) -> list[tuple[str, str]]:
        """Cause and status of its activities, the oldest first; none is under way."""
        found = until(
            lambda: self.client.describe_scaling_activities(
                ServiceNamespace="sagemaker", ResourceId=self.target["ResourceId"]
            )["ScalingActivities"],
            lambda activities: all("EndTime" in one for one in activities),
        )
        return [(one["Cause"], one["StatusCode"]) for one in reversed(found)]

    def track(self, metric: str, value: float, **configuration: Any) -> None:
        self.client.put_scaling_policy(
            **self.target,
            PolicyName=metric[-30:],
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": value,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
                **configuration,
            },
        )

    @contextmanager
    def load(self, users: int) -> Iterator[list[str]]:
        """So many users who ask again and again; what went wrong."""
        ended, errors = threading.Event(), []

        def ask() -> None:
            while not ended.is_set():
                try:
                    self.account.invoke(self.name)
                except ClientError as error:
                    errors.append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(users)]
        for thread in threads:
            thread.start()
        try:
            yield errors
        finally:
            ended.set()
            for thread in threads:
                thread.join()


class TestScaling:
    def test_follows_its_load(self, account: Account) -> None:
        """
        Under load target tracking starts instances up to the maximum; without load it takes them away
        again. No request fails on the way, and each activity names the alarm that caused it.
        """
        with account.aws.speed(FAST):
            variant = Variant(account, most=3, DELAY="0.05")
            variant.track(
                "SageMakerVariantInvocationsPerInstance", 4.0, ScaleOutCooldown=60, ScaleInCooldown=60
            )
            with variant.load(4) as errors:
                assert variant.reaches(3)
            assert variant.reaches(1, 60)

        causes = variant.causes()
        assert errors == []
        assert {status for _, status in causes} == {"Successful"}
        assert "AlarmHigh" in causes[0][0]
        assert causes[0][0].startswith("monitor alarm TargetTracking-endpoint/")
        assert "AlarmLow" in causes[-1][0]

    def test_follows_its_concurrency(self, account: Account) -> None:
        """
        The metric of high resolution starts instances by requests that are under way at a time.
        """
        with account.aws.speed(FAST):
            variant = Variant(account, most=2, DELAY="0.2")
            variant.track("SageMakerVariantConcurrentRequestsPerModelHighResolution", 2.0)
            with variant.load(6) as errors:
                assert variant.reaches(2)

        assert errors == []

    def test_new_limits_hold_at_once(self, account: Account) -> None:
        """
        A higher minimum starts instances, a lower maximum takes them away, without any policy.
        """
        variant = Variant(account, most=4)
        variant.register(MinCapacity=3)
        assert variant.reaches(3)
        variant.register(MinCapacity=1, MaxCapacity=2)
        assert variant.reaches(2)

        assert variant.causes() == [
            ("minimum capacity was set to 3", "Successful"),
            ("maximum capacity was set to 2", "Successful"),
        ]

    def test_schedules_set_limits(self, account: Account) -> None:
        """
        At its time a scheduled action changes the target's limits; while such scaling is suspended it does
        not.
        """
        variant = Variant(account)
        soon = datetime.now(UTC) + timedelta(seconds=3)
        action = {
            "ScheduledActionName": "morning",
            "Schedule": f"at({soon:%Y-%m-%dT%H:%M:%S})",
            "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 5},
        }
        variant.client.put_scheduled_action(**variant.target, **action)
        (described,) = variant.client.describe_scheduled_actions(
            ServiceNamespace="sagemaker", ScheduledActionNames=["morning"]
        )["ScheduledActions"]
        assert variant.reaches(2)
        (cause,) = variant.causes()
        (target,) = variant.client.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[variant.target["ResourceId"]]
        )["ScalableTargets"]
        variant.client.delete_scheduled_action(**variant.target, ScheduledActionName="morning")

        assert described["ScalableTargetAction"] == {"MinCapacity": 2, "MaxCapacity": 5}
        assert cause == (
            "minimum capacity was set to 2 and scheduled action name morning was triggered",
            "Successful",
        )
        assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 5)
        with pytest.raises(ClientError, match="No scheduled action found"):
            variant.client.delete_scheduled_action(**variant.target, ScheduledActionName="morning")

    def test_steps_follow_an_alarm(self, account: Account) -> None:
        """
        A step scaling policy adds what its step says when the alarm that names it rings, not while scaling
        out is suspended, and not again within its cool-down.
        """
        with account.aws.speed(FAST):
            variant = Variant(account, most=8)
            variant.register(SuspendedState={"DynamicScalingOutSuspended": True})
            arn = variant.client.put_scaling_policy(
                **variant.target,
                PolicyName="step",
                PolicyType="StepScaling",
                StepScalingPolicyConfiguration={
                    "AdjustmentType": "ChangeInCapacity",
                    "Cooldown": 3600,
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}],
                },
            )["PolicyARN"]
            cloudwatch = account.aws.client("cloudwatch")
            cloudwatch.put_metric_alarm(
                AlarmName=variant.name,
                Namespace="Tests",
                MetricName=variant.name,
                Statistic="Maximum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=10.0,
                ComparisonOperator="GreaterThanThreshold",
                AlarmActions=[arn],
            )
            cloudwatch.put_metric_data(
                Namespace="Tests", MetricData=[{"MetricName": variant.name, "Value": 12.0}]
            )
            until(
                lambda: cloudwatch.describe_alarms(AlarmNames=[variant.name])["MetricAlarms"][0][
                    "StateValue"
                ],
                lambda state: state == "ALARM",
            )
            before = variant.count()
            variant.register(SuspendedState={"DynamicScalingOutSuspended": False})

            assert variant.reaches(3)
            assert before == 1
            variant.register(MaxCapacity=7)  # it looks again, and the alarm still rings
            cloudwatch.delete_alarms(AlarmNames=[variant.name])

        assert variant.causes() == [
            (f"monitor alarm {variant.name} in state ALARM triggered policy step", "Successful")
        ]
        assert variant.count() == 3

    def test_nothing_is_scaled_while_the_endpoint_changes(self, account: Account) -> None:
        """
        During an update the number stays; when it is over, the limits hold.
        """
        variant = Variant(account)
        slow = account.config(account.name("c"), account.model(account.name("m"), NEVER="1"), startup=60)
        account.sagemaker.update_endpoint(EndpointName=variant.name, EndpointConfigName=slow)
        variant.register(MinCapacity=2)
        with pytest.raises(AssertionError):
            until(variant.causes, bool, 3)

        described = account.sagemaker.describe_endpoint(EndpointName=variant.name)

        assert described["EndpointStatus"] == "Updating"
        assert described["ProductionVariants"][0]["DesiredInstanceCount"] == 1
