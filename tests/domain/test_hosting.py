from __future__ import annotations

from slipway.domain.hosting import deployment_config, endpoint_config_request, scaling
from tests.fakes.models import a_manifest, a_site, a_version


class TestScaling:
    def test_manifest_asks_for_none(self) -> None:
        """Without invocations_per_instance there is no autoscaling."""
        serving = a_manifest().document()["serving"]
        del serving["invocations_per_instance"]

        assert scaling("hotel-rates", serving) is None


class TestDeploymentConfig:
    def test_alarms_roll_back(self) -> None:
        """Alarms are named only where there are some: SageMaker refuses an empty list."""
        assert "AutoRollbackConfiguration" not in deployment_config(240)
        assert deployment_config(240, ["errors"])["AutoRollbackConfiguration"] == {
            "Alarms": [{"AlarmName": "errors"}]
        }

    def test_time_limit_stays_within_bounds(self) -> None:
        """The limit covers download and start, and stays between 10 minutes and 8 hours."""
        limits = [
            deployment_config(seconds)["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"]
            for seconds in (60, 3600, 100_000)
        ]

        assert limits == [1560, 5100, 28_800]


class TestEndpointConfig:
    def test_serves_as_the_manifest_says(self) -> None:
        """One variant, of the name that every config has."""
        request = endpoint_config_request(a_site(), a_version(), name="config", model_name="model", tags=[])

        (variant,) = request["ProductionVariants"]
        assert variant["VariantName"] == "AllTraffic"
        assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.large", 1)
        assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 240
