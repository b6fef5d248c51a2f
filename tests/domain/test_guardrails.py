from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.guardrails import deployment_config
from slipway.domain.serving import STRATEGY_DEFAULTS, Strategy
from tests.fakes.requests import problems_of

AT_ONCE = Strategy.of({})


def config(strategy: dict[str, Any], alarms: tuple[str, ...] = ()) -> Any:
    found = deployment_config(Strategy.of(strategy), 240, alarms)
    assert problems_of("sagemaker", "UpdateEndpoint", found, "DeploymentConfig") == ""
    return found


class TestStrategies:
    @pytest.mark.parametrize("kind", ["all-at-once", "shadow", "ab"])
    def test_all_at_once(self, kind: str) -> None:
        """The wait is demanded though there is none; after a trial traffic moves like that too."""
        policy = config({"kind": kind})["BlueGreenUpdatePolicy"]

        assert policy["TrafficRoutingConfiguration"] == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
        assert policy["TerminationWaitInSeconds"] == 0

    def test_canary(self) -> None:
        """A share of the fleet, watched; then the rest, watched."""
        policy = config({"kind": "canary", "share": 0.1, "interval_minutes": 3, "bake_minutes": 7})[
            "BlueGreenUpdatePolicy"
        ]

        assert policy["TrafficRoutingConfiguration"] == {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 180,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        }
        assert policy["TerminationWaitInSeconds"] == 420

    def test_linear(self) -> None:
        """Steps of one size."""
        policy = config({"kind": "linear", "step": 0.25, "interval_minutes": 2})["BlueGreenUpdatePolicy"]

        assert policy["TrafficRoutingConfiguration"] == {
            "Type": "LINEAR",
            "WaitIntervalInSeconds": 120,
            "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
        }

    def test_rolling(self) -> None:
        """Batch by batch; there is no old fleet that waits for its end."""
        found = config({"kind": "rolling", "batch": 0.05, "interval_minutes": 4})

        policy = found["RollingUpdatePolicy"]
        assert policy["MaximumBatchSize"] == {"Type": "CAPACITY_PERCENT", "Value": 5}
        assert policy["WaitIntervalInSeconds"] == 240
        assert "BlueGreenUpdatePolicy" not in found


class TestAlarms:
    def test_alarms_roll_back(self) -> None:
        """They are named only where there are some: SageMaker refuses an empty list, and more than ten."""
        assert "AutoRollbackConfiguration" not in config({})
        assert config({}, ("errors",))["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "errors"}]}
        many = config({}, tuple(f"a{number}" for number in range(12)))
        assert len(many["AutoRollbackConfiguration"]["Alarms"]) == 10


class TestTimeLimit:
    def test_covers_download_and_start(self) -> None:
        """And stays between 10 minutes and 8 hours."""
        limits = [
            deployment_config(AT_ONCE, seconds)["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"]
            for seconds in (60, 3600, 100_000)
        ]

        assert limits == [1560, 5100, 28_800]

    @given(
        kind=st.sampled_from(sorted(STRATEGY_DEFAULTS)),
        minutes=st.integers(0, 60),
        step=st.floats(0.1, 0.5),
        batch=st.floats(0.05, 0.5),
        startup=st.integers(60, 3600),
    )
    def test_is_above_the_sum_of_all_waits(
        self, kind: Any, minutes: int, step: float, batch: float, startup: int
    ) -> None:
        """Unless that is above what SageMaker gives, which the manifest's rules refuse."""
        keys: dict[str, Any] = {"interval_minutes": minutes, "bake_minutes": minutes}
        keys |= {"step": step, "batch": batch}
        strategy = Strategy.of(
            {"kind": kind} | {key: value for key, value in keys.items() if key in STRATEGY_DEFAULTS[kind]}
        )
        config = deployment_config(strategy, startup)
        blue = config.get("BlueGreenUpdatePolicy", {})
        rolling = config.get("RollingUpdatePolicy", {})
        routing = blue.get("TrafficRoutingConfiguration", rolling)
        size = routing.get("LinearStepSize") or routing.get("MaximumBatchSize") or {"Value": 50}
        # a step of 33 % takes three and a bit
        steps = -(-100 // size["Value"]) if kind in ("linear", "rolling") else 2
        waits = (steps - 1) * routing["WaitIntervalInSeconds"] + blue.get("TerminationWaitInSeconds", 0)

        limit = (blue or rolling)["MaximumExecutionTimeoutInSeconds"]
        assert limit == 28_800 or limit > waits + startup
        assert 600 <= limit <= 28_800
        assert 1 <= size["Value"] <= 50
