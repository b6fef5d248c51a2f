"""Alarms look at their own dimensions, count M of N and treat missing data as told."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbench.local.functions import Workshop, until
from workbench.local.alarms import SHORTEST_SECONDS, state_of
from workbench.local.sagemaker.serving_process import REPORT_SECONDS

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

values = st.lists(st.none() | st.floats(-10, 10), min_size=1, max_size=6)


def alarm(**settings: Any) -> dict[str, Any]:
    return {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.0, "StateValue": "OK"} | settings


class TestStateOf:
    @pytest.mark.parametrize(
        ("settings", "seen", "state"),
        [
            ({}, [2.0], "ALARM"),
            ({}, [1.0], "OK"),
            ({}, [2.0, 0.0], "OK"),
            ({"DatapointsToAlarm": 1}, [2.0, 0.0], "ALARM"),
            ({}, [None], "INSUFFICIENT_DATA"),
            ({"TreatMissingData": "notBreaching"}, [None], "OK"),
            ({"TreatMissingData": "breaching"}, [None, None], "ALARM"),
            ({"TreatMissingData": "ignore", "StateValue": "ALARM"}, [None], "ALARM"),
            ({"ComparisonOperator": "LessThanOrEqualToThreshold"}, [1.0], "ALARM"),
        ],
    )
    def test_state_follows_the_datapoints(
        self, settings: dict[str, Any], seen: list[float | None], state: str
    ) -> None:
        """
        Threshold, datapoints to alarm and the treatment of missing data are those of the alarm.
        """
        assert state_of(alarm(**settings), seen)[0] == state

    @given(values)
    def test_missing_data_that_breaches_alarms_no_less(self, seen: list[float | None]) -> None:
        """
        Whatever alarms with missing data not breaching also alarms with it breaching.
        """
        lenient = state_of(alarm(TreatMissingData="notBreaching"), seen)[0]
        strict = state_of(alarm(TreatMissingData="breaching"), seen)[0]

        assert not (lenient == "ALARM" and strict != "ALARM")


def test_each_period_of_the_shortest_has_a_report_of_what_is_predicted() -> None:
    """
    However fast the clock runs, a container that is asked reports in each period of an alarm.
    """
    assert 2 * REPORT_SECONDS < SHORTEST_SECONDS


@pytest.mark.embedded
class TestAlarm:
    def test_change_of_state_is_told_and_counts_its_own_dimensions_only(
        self, embedded_aws: EmbeddedAws
    ) -> None:
        """
        A datapoint of another endpoint does not move the alarm; its own does, with an event and an action.
        """
        workshop = Workshop(embedded_aws, "alarms")
        queue, queue_arn = workshop.queue("told", "events.amazonaws.com")
        events = embedded_aws.client("events")
        pattern = json.dumps({"source": ["aws.cloudwatch"], "detail": {"alarmName": ["alarms-errors"]}})
        events.put_rule(Name="alarms-told", EventPattern=pattern)
        events.put_targets(Rule="alarms-told", Targets=[{"Id": "q", "Arn": queue_arn}])
        sns = embedded_aws.client("sns")
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
        cloudwatch = embedded_aws.client("cloudwatch")

        def put(name: str, value: float) -> None:
            point = {
                "MetricName": "Errors",
                "Value": value,
                "Dimensions": [{"Name": "Endpoint", "Value": name}],
            }
            cloudwatch.put_metric_data(Namespace="Test", MetricData=[point])

        cloudwatch.put_metric_alarm(
            AlarmName="alarms-errors",
            Namespace="Test",
            MetricName="Errors",
            Dimensions=[{"Name": "Endpoint", "Value": "mine"}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )

        def state() -> str:
            found = cloudwatch.describe_alarms(AlarmNames=["alarms-errors"])["MetricAlarms"]
            return str(found[0]["StateValue"])

        put("other", 5)
        until(lambda: state() == "OK")
        time.sleep(2.5)
        assert state() == "OK"
        put("mine", 5)
        assert until(lambda: state() == "ALARM")
        told = [json.loads(message["Body"])["detail"] for message in workshop.messages(queue, count=2)]
        assert [detail["state"]["value"] for detail in told] == ["OK", "ALARM"]
        assert until(lambda: embedded_aws.inbox(to="ops@example.com", subject="ALARM"))

    def test_watching_an_endpoint_is_hastened_with_its_bake_times(self, embedded_aws: EmbeddedAws) -> None:
        """
        At speed 60 an alarm of a minute's period on an endpoint's metric rings, and is quiet again after a
        second or so; one on another namespace still rings.
        """
        cloudwatch = embedded_aws.client("cloudwatch")
        names = {"alarms-fast": "AWS/SageMaker", "alarms-slow": "Test"}
        for name, namespace in names.items():
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace=namespace,
                MetricName="Invocation5XXErrors",
                Dimensions=[{"Name": "EndpointName", "Value": name}],
                Statistic="Average",
                Period=60,
                EvaluationPeriods=1,
                Threshold=0.5,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
            )
            point = {
                "MetricName": "Invocation5XXErrors",
                "Value": 1,
                "Dimensions": [{"Name": "EndpointName", "Value": name}],
            }
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=[point])

        def states() -> list[str]:
            found = cloudwatch.describe_alarms(AlarmNames=list(names))["MetricAlarms"]
            return [alarm["StateValue"] for alarm in sorted(found, key=lambda alarm: alarm["AlarmName"])]

        with embedded_aws.speed(60):
            assert until(lambda: states()[1] == "ALARM")
            assert until(lambda: states() == ["OK", "ALARM"])
            history = cloudwatch.describe_alarm_history(AlarmName="alarms-fast")["AlarmHistoryItems"]

        assert any("to ALARM" in item["HistorySummary"] for item in history)
