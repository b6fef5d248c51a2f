from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.serving_scaling import scaling_target
from tests.domain.test_serving_config import QUEUE, SERVERLESS, serving
from tests.fakes.requests import problems_of

AUTOSCALING = "application-autoscaling"


def target(**keys: Any) -> Any:
    found = scaling_target("rates", "AllTraffic", serving(**keys))
    if found is not None:
        for policy in found["policies"]:
            assert problems_of(AUTOSCALING, "PutScalingPolicy", policy) == ""
        for schedule in found["schedules"]:
            assert problems_of(AUTOSCALING, "PutScheduledAction", schedule) == ""
        for alarm in found["step_alarms"]:
            assert problems_of("cloudwatch", "PutMetricAlarm", alarm) == ""
    return found


class TestTargets:
    def test_manifest_asks_for_none(self) -> None:
        """Without a target or a schedule there is no autoscaling."""
        assert target(invocations_per_instance=None) is None
        assert target(**SERVERLESS) is None

    def test_bounds(self) -> None:
        """The target is the endpoint's variant, within the manifest's bounds."""
        found = target()

        assert found["resource_id"] == "endpoint/rates/variant/AllTraffic"
        assert found["dimension"] == "sagemaker:variant:DesiredInstanceCount"
        assert (found["min_capacity"], found["max_capacity"]) == (1, 2)

    @pytest.mark.parametrize(
        ("keys", "metric"),
        [
            ({}, "SageMakerVariantInvocationsPerInstance"),
            (
                {"invocations_per_instance": None, "concurrency_per_instance": 4},
                "SageMakerVariantConcurrentRequestsPerModelHighResolution",
            ),
        ],
    )
    def test_metrics_that_auto_scaling_knows(self, keys: dict[str, Any], metric: str) -> None:
        """Invocations of a minute, or requests at the same time."""
        (policy,) = target(**keys)["policies"]

        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        assert tracking["PredefinedMetricSpecification"]["PredefinedMetricType"] == metric
        assert tracking["TargetValue"] == (4.0 if keys else 1000.0)

    def test_backlog(self) -> None:
        """A metric of the endpoint, not of the variant."""
        (policy,) = target(**QUEUE, backlog_per_instance=5)["policies"]

        metric = policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
        assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
        assert metric["Dimensions"] == [{"Name": "EndpointName", "Value": "rates"}]

    def test_from_zero(self) -> None:
        """Without instances there is no backlog per instance: an alarm on what waits starts the first."""
        found = target(**QUEUE, backlog_per_instance=5, min_instances=0)

        tracking, step = found["policies"]
        (alarm,) = found["step_alarms"]
        assert tracking["PolicyType"] == "TargetTrackingScaling"
        assert step["PolicyType"] == "StepScaling"
        assert step["PolicyName"] == alarm["AlarmName"] == "rates/scaling/from-zero"
        assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
        assert "AlarmActions" not in alarm
        (adjustment,) = step["StepScalingPolicyConfiguration"]["StepAdjustments"]
        assert adjustment["ScalingAdjustment"] == 1

    def test_a_schedule_that_leaves_none(self) -> None:
        """It needs the same way back."""
        night = {"schedule": "cron(0 20 * * ? *)", "min_instances": 0, "max_instances": 1}
        found = target(**QUEUE, backlog_per_instance=5, schedules={"night": night})

        assert len(found["step_alarms"]) == 1


class TestSchedules:
    def test_in_the_place_s_own_time(self) -> None:
        """Each has a name of its own on the endpoint; no target is needed beside them."""
        night = {
            "schedule": "cron(0 20 * * ? *)",
            "timezone": "Europe/Berlin",
            "min_instances": 1,
            "max_instances": 1,
        }
        found = target(invocations_per_instance=None, schedules={"night": night})

        (action,) = found["schedules"]
        assert action["ScheduledActionName"] == "rates-AllTraffic-night"
        assert (action["Schedule"], action["Timezone"]) == ("cron(0 20 * * ? *)", "Europe/Berlin")
        assert action["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 1}
        assert found["policies"] == []
