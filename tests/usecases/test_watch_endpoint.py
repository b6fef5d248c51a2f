"""The dashboard and the standing alarms of a model in service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.contracts import container, names
from slipway.domain.timestamps import moment_of
from slipway.usecases.watch_endpoint import EndpointWatching
from tests.fakes.hosting import FakeHosting
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_version
from tests.fakes.monitoring import FakeMonitoring
from workbench.local.dashboard_rules import problems

NAME = "slipway-dev-pricing-hotel-rates"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


def an_alarm(subject: str, variant: str = names.VARIANT, config: str = "c-2", **more: Any) -> dict[str, Any]:
    """One that a promotion made, as DescribeAlarms tells it."""
    dimensions = {"EndpointName": NAME, "VariantName": variant, "EndpointConfigName": config}
    return {
        "AlarmName": names.alarm(NAME, config, subject, variant),
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocation5XXErrors",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.05,
        **more,
    }


def a_variant(version: str, variant: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """DescribeEndpoint's, its config's, and its model."""
    identity = {"project": "pricing", "model": "hotel-rates", "version": version}
    model = {"PrimaryContainer": {"Environment": {container.IDENTITY: json.dumps(identity)}}}
    described = {"VariantName": variant, "CurrentWeight": 1.0, "CurrentInstanceCount": 1, **more}
    return (
        described,
        {"VariantName": variant, "ModelName": f"m-{version}", "InstanceType": "ml.m5.large"},
        model,
    )


class Room:
    """An endpoint with what watches it."""

    def __init__(self, *variants: Any, shadows: Any = (), alarms: Any = ()) -> None:
        self.hosting, self.ledger, self.monitoring = FakeHosting(), FakeLedger(), FakeMonitoring(*alarms)
        self.watching = EndpointWatching(
            hosting=self.hosting,
            ledger=self.ledger,
            monitoring=self.monitoring,
            environment="dev",
            alarm_topic_arn=TOPIC,
            runbook="https://example.com/operations.md",
            resource_prefix="slipway-dev",
            clock=lambda: moment_of("2026-11-24T12:00:00.000Z"),
        )
        every = [*variants, *shadows]
        self.hosting.models = {configured["ModelName"]: model for _, configured, model in every}
        self.hosting.configs["c-2"] = {
            "ProductionVariants": [configured for _, configured, _ in variants],
            "ShadowProductionVariants": [configured for _, configured, _ in shadows],
        }
        self.hosting.endpoints_there[NAME] = {
            "EndpointName": NAME,
            "EndpointArn": f"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/{NAME}",
            "EndpointConfigName": "c-2",
            "EndpointStatus": "InService",
            "ProductionVariants": [described for described, _, _ in variants],
            "ShadowProductionVariants": [described for described, _, _ in shadows],
        }
        for version in ("1.0.0", "1.1.0"):
            self.ledger.put_version(a_version(version))

    def champion(self, version: str, at: str) -> None:
        before = self.ledger.alias_tip("pricing", "hotel-rates", names.CHAMPION)
        self.ledger.move_alias(
            {
                "project": "pricing",
                "model": "hotel-rates",
                "alias": names.CHAMPION,
                "version": version,
                "release_id": f"release-{version}",
                "moved_at": at,
                "actor": "ana@example.com",
                "reason": "better",
                "revision": before["revision"] + 1 if before else 1,
            }
        )

    @property
    def body(self) -> Any:
        return self.monitoring.dashboards[NAME]

    def charts(self) -> dict[str, Any]:
        return {
            one["properties"]["title"]: one["properties"]
            for one in self.body["widgets"]
            if one["type"] == "metric"
        }


@pytest.fixture
def room() -> Room:
    """Version 1.1.0 serves alone, watched by the alarms of its promotion and of one before."""
    alarms = [an_alarm(subject) for subject in ("5xx", "model-errors")]
    alarms.append(
        an_alarm(
            "latency-p99", MetricName="ModelLatency", Threshold=2e6, Statistic="", ExtendedStatistic="p99"
        )
    )
    return Room(
        a_variant("1.1.0", names.VARIANT, CurrentInstanceCount=2),
        alarms=[*alarms, an_alarm("5xx", config="c-1", Threshold=0.5)],
    )


class TestDashboard:
    def test_is_put_as_cloudwatch_takes_it(self, room: Room) -> None:
        """
        A model in service has a dashboard of its endpoint's name, and its body breaks none of the rules.
        """
        assert room.watching.watch_endpoint(NAME) == "watched"

        assert problems(json.dumps(room.body)) == []
        assert list(room.charts()) == [
            "Requests a minute",
            "Model latency",
            "Errors a minute",
            "CPU, % of a core",
            "Memory, %",
            "Instances",
            "Predictions",
            "Rows predicted a minute",
            "Answers without a number",
        ]

    def test_names_metrics_as_cloudwatch_has_them(self, room: Room) -> None:
        """
        Traffic by EndpointName and VariantName; predictions by the model that the container counts for.
        """
        room.watching.watch_endpoint(NAME)

        (traffic,) = room.charts()["Requests a minute"]["metrics"]
        assert traffic[:-1] == [
            "AWS/SageMaker",
            "Invocations",
            "EndpointName",
            NAME,
            "VariantName",
            "AllTraffic",
        ]
        assert [line[-1]["stat"] for line in room.charts()["Model latency"]["metrics"]] == [
            "p50",
            "p90",
            "p99",
        ]
        (instances,) = room.charts()["Instances"]["metrics"]
        assert (instances[1], instances[-1]["stat"]) == ("DiskUtilization", "SampleCount")
        prediction = room.charts()["Predictions"]["metrics"][0]
        assert prediction[:-1] == ["Slipway/Predictions", "Prediction", "ModelName", "m-1.1.0"]

    def test_marks_promotions_and_rollbacks(self, room: Room) -> None:
        """
        Each change of the champion is a line with version and person; a version that served before is one
        that somebody went back to.
        """
        room.champion("1.1.0", "2026-11-22T03:00:00.000Z")
        room.champion("1.2.0", "2026-11-22T04:00:00.000Z")
        room.champion("1.1.0", "2026-11-22T05:00:00.000Z")
        room.watching.watch_endpoint(NAME)

        for chart in room.charts().values():
            assert chart["annotations"]["vertical"] == [
                {"label": "back to 1.1.0 by ana@example.com", "value": "2026-11-22T05:00:00.000Z"},
                {"label": "1.2.0 by ana@example.com", "value": "2026-11-22T04:00:00.000Z"},
                {"label": "1.1.0 by ana@example.com", "value": "2026-11-22T03:00:00.000Z"},
            ]

    def test_says_what_serves_and_where_to_look_further(self, room: Room) -> None:
        """
        Version, size, price, and links to log, evidence and runbook.
        """
        room.watching.watch_endpoint(NAME)
        text = room.body["widgets"][0]["properties"]["markdown"]

        assert text.startswith("# pricing/hotel-rates 1.1.0\n")
        assert "2 × ml.m5.large" in text
        assert "168 USD a month" in text
        assert "https://example.com/operations.md#an-endpoints-alarm" in text
        assert "/s3/object/" in text
        assert "$252Faws$252Fsagemaker$252FEndpoints$252F" in text

    def test_versions_beside_each_other_are_told_apart(self) -> None:
        """
        Champion, version beside it and shadow have lines and rows of their own, named for the variant, as its
        numbers are those of all versions that stood there; marks say which did from when. A shadow answers
        nobody, so that its errors are not among those that clients see.
        """
        room = Room(
            a_variant("1.2.0", "v-1-2-0", CurrentWeight=0.25),
            a_variant("1.1.0", names.VARIANT, CurrentWeight=0.75),
            shadows=[a_variant("1.3.0", "v-1-3-0", CurrentWeight=1.0)],
        )
        room.watching.watch_endpoint(NAME)

        labels = [line[-1]["label"] for line in room.charts()["Requests a minute"]["metrics"]]
        assert labels == ["AllTraffic", "v-1-2-0 (beside)", "v-1-3-0 (shadow)"]
        assert "1.2.0 | beside | 25%" in room.body["widgets"][0]["properties"]["markdown"]
        assert not any("shadow" in line[-1]["label"] for line in room.charts()["Errors a minute"]["metrics"])
        assert problems(json.dumps(room.body)) == []

    def test_predictions_are_beside_those_of_what_stood_there_before(self, room: Room) -> None:
        """
        Of the last two within the time that is shown, their mean alone; all lines have colours of their own.
        """
        served = [("0.7.0", "22T12"), ("0.9.0", "22T13"), ("1.0.0", "23T12"), ("1.1.0", "24T11")]
        room.ledger.endpoint_states[NAME] = [
            {
                "model": "hotel-rates",
                "status": "in-service",
                "changed_at": f"2026-11-{at}:00:00.000Z",
                "layout": [
                    {
                        "variant": names.VARIANT,
                        "version": version,
                        "release_id": f"{version[2]}" * 16,
                        "share": 1.0,
                    }
                ],
            }
            for version, at in served
        ]
        standing = names.of_release("slipway-dev", "hotel-rates", "1.1.0", "1" * 16)
        room.hosting.configs["c-2"]["ProductionVariants"][0]["ModelName"] = standing
        room.hosting.models[standing] = room.hosting.models["m-1.1.0"]
        room.watching.watch_endpoint(NAME)

        means = [one for one in room.charts()["Predictions"]["metrics"] if one[-1]["stat"] == "Average"]
        assert [one[-1]["label"] for one in means] == [
            "mean 1.1.0",
            "mean 1.0.0 (earlier)",
            "mean 0.9.0 (earlier)",
        ]
        lines = room.charts()["Predictions"]["metrics"]
        assert len({one[-1]["color"] for one in lines}) == len(lines) == 4 + 2
        assert means[1][3] == names.of_release("slipway-dev", "hotel-rates", "1.0.0", "0" * 16)
        assert len(room.charts()["Rows predicted a minute"]["metrics"]) == 3
        assert len(room.charts()["Requests a minute"]["metrics"]) == 1

    def test_goes_with_the_endpoint(self, room: Room) -> None:
        """
        What serves no more has no dashboard and no alarms, also when the event comes twice.
        """
        room.watching.watch_endpoint(NAME)
        room.hosting.endpoints_there[NAME]["EndpointStatus"] = "Deleting"

        assert room.watching.watch_endpoint(NAME) == "removed"
        assert room.watching.watch_endpoint(NAME) == "removed"
        assert room.monitoring.dashboards == {}
        assert room.monitoring.alarms(names.standing_alarm_prefix(NAME)) == []

    def test_endpoint_of_somebody_else_is_left_alone(self, room: Room) -> None:
        """
        One whose models the platform did not make is not ours to watch.
        """
        room.hosting.models = {}

        assert room.watching.watch_endpoint(NAME) == "not ours"
        assert room.monitoring.dashboards == {}


class TestStandingAlarms:
    def test_watch_on_what_the_promotion_was_watched_with(self, room: Room) -> None:
        """
        The thresholds of the promotion's alarms, on the variant whatever its config; what guards a promotion
        alone is not among them. They ring where alarms ring, and say what to do.
        """
        room.watching.watch_endpoint(NAME)
        standing = {
            one["AlarmName"]: one for one in room.monitoring.alarms(names.standing_alarm_prefix(NAME))
        }

        assert sorted(standing) == [f"watching/{NAME}/5xx", f"watching/{NAME}/latency-p99"]
        errors = standing[f"watching/{NAME}/5xx"]
        assert errors["Threshold"] == 0.05
        assert {one["Name"] for one in errors["Dimensions"]} == {"EndpointName", "VariantName"}
        assert errors["AlarmActions"] == [TOPIC]
        assert errors["AlarmDescription"].startswith("pricing/hotel-rates 1.1.0: ")
        assert errors["AlarmDescription"].endswith("https://example.com/operations.md#an-endpoints-alarm")
        assert standing[f"watching/{NAME}/latency-p99"]["ExtendedStatistic"] == "p99"
        assert "Statistic" not in standing[f"watching/{NAME}/latency-p99"]

    def test_stand_on_the_dashboard(self, room: Room) -> None:
        """
        Who looks sees which of them ring.
        """
        room.watching.watch_endpoint(NAME)

        (widget,) = [one for one in room.body["widgets"] if one["type"] == "alarm"]
        assert widget["properties"]["alarms"] == [
            f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:watching/{NAME}/{what}"
            for what in ("5xx", "latency-p99")
        ]

    def test_those_that_are_not_wanted_any_more_go(self, room: Room) -> None:
        """
        A new version without a limit on latency is not watched by the old one's.
        """
        room.watching.watch_endpoint(NAME)
        room.monitoring.remove_alarms([names.alarm(NAME, "c-2", "latency-p99")])
        room.watching.watch_endpoint(NAME)

        (alarm,) = room.monitoring.alarms(names.standing_alarm_prefix(NAME))
        assert alarm["AlarmName"] == f"watching/{NAME}/5xx"
