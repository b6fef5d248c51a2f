from __future__ import annotations

from typing import Any

from slipway.domain.serving import AlarmLimits
from slipway.domain.serving_alarms import alarms_of, names_of
from tests.fakes.requests import problems_of

RANGE: Any = {"low": 40.0, "high": 220.0}


def alarms(
    limits: AlarmLimits | None = None, *, variant: str = "AllTraffic", predictions: Any = RANGE
) -> Any:
    """The requests by the last part of their names."""
    found = alarms_of(
        "slipway-dev-pricing-hotel-rates",
        "config",
        variant=variant,
        model_name="model",
        limits=limits or AlarmLimits(latency_p99_ms=2000),
        predictions=predictions,
    )
    for request in found:
        assert problems_of("cloudwatch", "PutMetricAlarm", request) == ""
    return {request["AlarmName"].split("/", 2)[2]: request for request in found}


class TestAlarms:
    def test_each_has_its_name(self) -> None:
        """By which the machine that made a config finds what goes with it."""
        assert set(alarms()) == {
            "5xx",
            "model-errors",
            "latency-p99",
            "prediction-low",
            "prediction-high",
        }
        assert set(alarms(variant="v-1-1-0")) == {f"{name}/v-1-1-0" for name in alarms()}

    def test_they_look_at_the_new_fleet_alone(self) -> None:
        """An old one in trouble must not stop the way out of it; nor may a minute without requests."""
        for name, request in alarms().items():
            assert request["TreatMissingData"] == "notBreaching"
            if name.startswith("prediction"):
                continue
            assert {one["Name"]: one["Value"] for one in request["Dimensions"]} == {
                "EndpointName": "slipway-dev-pricing-hotel-rates",
                "VariantName": "AllTraffic",
                "EndpointConfigName": "config",
            }

    def test_shares_of_a_minute_s_requests(self) -> None:
        """Both metrics are 0 or 1 for each request: their average is the share."""
        errors = alarms(AlarmLimits(error_share=0.02))["5xx"]

        assert (errors["MetricName"], errors["Statistic"]) == ("Invocation5XXErrors", "Average")
        assert (errors["Threshold"], errors["Period"], errors["EvaluationPeriods"]) == (0.02, 60, 1)
        assert alarms()["model-errors"]["MetricName"] == "InvocationModelErrors"

    def test_latency_is_measured_in_microseconds(self) -> None:
        """A manifest says milliseconds."""
        latency = alarms()["latency-p99"]

        assert (latency["ExtendedStatistic"], latency["Threshold"]) == ("p99", 2_000_000.0)
        assert "Statistic" not in latency

    def test_predictions_are_the_model_s_own(self) -> None:
        """Below and above the range in which those on the evaluation data lay."""
        low, high = alarms()["prediction-low"], alarms()["prediction-high"]

        assert low["Namespace"] == "Slipway/Predictions"
        assert low["Dimensions"] == [{"Name": "ModelName", "Value": "model"}]
        assert (low["ComparisonOperator"], low["Threshold"]) == ("LessThanThreshold", 40.0)
        assert (high["ComparisonOperator"], high["Threshold"]) == ("GreaterThanThreshold", 220.0)

    def test_what_is_switched_off(self) -> None:
        """1 is no limit for a share; no range, no alarm."""
        assert alarms(AlarmLimits(error_share=1, model_error_share=1, prediction=False)) == {}
        assert set(alarms(predictions=None)) == {"5xx", "model-errors", "latency-p99"}


class TestNames:
    def test_of_one_variant(self) -> None:
        """A deployment is rolled back by those of the version that comes."""
        found = [*alarms().values(), *alarms(variant="v-1-1-0").values()]

        assert len(names_of(found, "AllTraffic")) == 5
        assert all(name.endswith("/v-1-1-0") for name in names_of(found, "v-1-1-0"))
        assert not set(names_of(found, "AllTraffic")) & set(names_of(found, "v-1-1-0"))
