from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts.names import alarm, scaling_alarm
from slipway.usecases.tidy_endpoint import EndpointTidying
from tests.fakes.endpoint_parts import FakeEndpointParts
from tests.fakes.hosting import FakeHosting
from tests.fakes.ledger import FakeLedger
from tests.fakes.monitoring import FakeMonitoring

ENDPOINT = "slipway-dev-pricing-hotel-rates"


class Room:
    """An endpoint that served these configs, one after the other, and serves the last of them."""

    def __init__(self, *served: str) -> None:
        self.ledger, self.hosting = FakeLedger(), FakeHosting()
        self.ledger.endpoint_states[ENDPOINT] = [{"config_name": config} for config in served]
        for config in served:
            self.make(config)
        self.monitoring = FakeMonitoring()
        self.ring(*(alarm(ENDPOINT, one, "5xx") for one in served))
        if served:
            self.look(served[-1])

    def ring(self, *names: str) -> None:
        """Alarms of these names are there."""
        self.monitoring.alarms_there |= {name: {"AlarmName": name} for name in names}

    def make(self, config: str, *models: str, shadow: str = "") -> None:
        """A config with its models: one of its own name, or others."""
        names = models or (f"model-{config}",)
        self.hosting.models |= {name: {} for name in (*names, *([shadow] if shadow else ()))}
        self.hosting.configs[config] = {
            "ProductionVariants": [{"ModelName": name} for name in names],
            **({"ShadowProductionVariants": [{"ModelName": shadow}]} if shadow else {}),
        }

    def look(self, config: str, status: str = "InService", **more: Any) -> None:
        """The endpoint as SageMaker describes it."""
        described = {"EndpointName": ENDPOINT, "EndpointStatus": status, "EndpointConfigName": config}
        self.hosting.endpoints_there[ENDPOINT] = described | more

    def tidy(
        self,
        *asked: str,
        models: tuple[str, ...] = (),
        believed: str | None = None,
        outcome: str = "changed",
        step_alarms: tuple[str, ...] = (),
    ) -> Any:
        promotion = {
            "endpoint_name": ENDPOINT,
            "model_requests": [{"ModelName": name} for name in models],
            "believed_config": believed,
            "scaling_targets": [{"step_alarms": [{"AlarmName": name} for name in step_alarms]}],
        }
        tidying = EndpointTidying(
            ledger=self.ledger,
            hosting=self.hosting,
            monitoring=self.monitoring,
            parts=FakeEndpointParts(self.hosting),
        )
        document: Any = {"request": {}, "promotion": promotion}
        event: Any = {"document": document, "asked": list(asked), "outcome": outcome}
        return tidying.tidy(event)

    @property
    def left(self) -> tuple[list[str], list[str], list[str]]:
        """Alarms, configs and models that are still there."""
        return list(self.monitoring.alarms_there), sorted(self.hosting.configs), sorted(self.hosting.models)


class TestAfterSuccess:
    def test_the_last_two_configs_stay(self) -> None:
        """What serves, and the way back; older ones go with their models."""
        room = Room("one", "two", "three")
        removed = room.tidy("three")

        assert removed["configs"] == ["one"]
        assert removed["models"] == ["model-one"]
        assert room.left[1:] == (["three", "two"], ["model-three", "model-two"])

    def test_alarms_of_what_no_longer_serves_go(self) -> None:
        """They would say nothing of what serves, and cost money."""
        room = Room("one", "two")
        room.tidy("two")

        assert room.left[0] == [alarm(ENDPOINT, "two", "5xx")]

    def test_one_that_serves_again_is_the_last(self) -> None:
        """After a rollback the config before is the one that was rolled back from."""
        room = Room("one", "two", "three", "one")
        room.tidy("one")

        assert room.left[1] == ["one", "three"]

    def test_model_that_another_config_needs_stays(self) -> None:
        """The champion's model stands in the configs of every layout that it leads, shadows' too."""
        room = Room("one", "two", "three")
        room.make("one", "model-three")
        room.make("two", "model-two", shadow="model-one")
        room.tidy("three")

        assert room.left[1:] == (["three", "two"], ["model-one", "model-three", "model-two"])

    def test_what_a_killed_promotion_asked_for_goes(self) -> None:
        """Its alarms, config and model, of which the ledger knows nothing."""
        room = Room("one", "two")
        room.make("killed")
        room.ring(alarm(ENDPOINT, "killed", "latency-p99"))
        room.tidy("killed", "two")

        assert room.left == (
            [alarm(ENDPOINT, "two", "5xx")],
            ["one", "two"],
            ["model-one", "model-two"],
        )

    def test_stopped_endpoint_keeps_its_way_back(self) -> None:
        """Nothing watches what is not there; the last two configs stay, to start again from."""
        room = Room("one", "two", "three")
        del room.hosting.endpoints_there[ENDPOINT]
        room.tidy()

        assert room.left[:2] == ([], ["three", "two"])


class TestAfterFailure:
    def test_what_did_not_make_it_goes(self) -> None:
        """Its alarms, its config and its model; what serves keeps all of its own."""
        room = Room("one", "two")
        room.make("failed")
        room.ring(alarm(ENDPOINT, "failed", "5xx"))
        room.tidy("failed", models=("model-failed", "model-two"), believed="two")

        assert room.left == (
            [alarm(ENDPOINT, "two", "5xx")],
            ["one", "two"],
            ["model-one", "model-two"],
        )

    def test_model_whose_config_was_refused_goes(self) -> None:
        """A promotion may fail between the two."""
        room = Room("one")
        room.hosting.models["model-failed"] = {}
        assert room.tidy("failed", models=("model-failed",))["models"] == ["model-failed"]

    def test_first_version_that_did_not_start_keeps_its_config(self) -> None:
        """The endpoint stays, to say why, and names it; nothing rings for it any more."""
        room = Room()
        room.make("first")
        room.ring(alarm(ENDPOINT, "first", "5xx"))
        room.look("first", status="Failed")
        room.tidy("first", models=("model-first",))

        assert room.left == ([], ["first"], ["model-first"])

    def test_what_the_ledger_believes_stays(self) -> None:
        """Whatever somebody made of the endpoint meanwhile."""
        room = Room("one", "two", "three")
        room.look("by-hand")
        room.tidy("three", believed="one")

        assert room.left[1] == ["one", "three", "two"]


class TestUnsettledEndpoint:
    @pytest.mark.parametrize("status", ["Updating", "RollingBack", "UpdateRollbackFailed", "SystemUpdating"])
    def test_is_left_alone(self, status: str) -> None:
        """Some config may be in use that the endpoint does not name."""
        room = Room("one", "two", "three")
        room.look("three", status=status)

        assert room.tidy("three") == {"alarms": [], "configs": [], "models": []}
        assert len(room.left[1]) == 3

    def test_config_that_is_about_to_serve_stays(self) -> None:
        """Of an endpoint that others change."""
        room = Room("one", "two", "three")
        room.look("three", PendingDeploymentSummary={"EndpointConfigName": "one"})
        room.tidy("three")

        assert "one" in room.left[1]


class TestScalingAlarms:
    FROM_ZERO, OLD = scaling_alarm(ENDPOINT, "from-zero"), f"{ENDPOINT}-AllTraffic-from-zero"

    def room(self) -> Room:
        room = Room("one")
        room.ring(self.FROM_ZERO, self.OLD, f"{self.OLD}-of-somebody-else")
        return room

    def scaling(self, room: Room) -> list[str]:
        return [name for name in room.left[0] if "from-zero" in name]

    def test_the_one_that_scales_stays(self) -> None:
        """One that bears the name it had before calls a policy that is gone."""
        room = self.room()
        room.tidy("one", step_alarms=(self.FROM_ZERO,))

        assert self.scaling(room) == [self.FROM_ZERO, f"{self.OLD}-of-somebody-else"]

    def test_of_a_version_that_never_goes_to_zero_none_does(self) -> None:
        """Its policy went with the scalable target, the alarm that called it did not."""
        room = self.room()
        room.tidy("one")

        assert self.scaling(room) == [f"{self.OLD}-of-somebody-else"]

    def test_of_a_stopped_endpoint_none_does(self) -> None:
        """Nothing is scaled any more, however the promotion ended."""
        room = self.room()
        del room.hosting.endpoints_there[ENDPOINT]
        room.tidy(step_alarms=(self.FROM_ZERO,), outcome="failed")

        assert self.scaling(room) == [f"{self.OLD}-of-somebody-else"]

    def test_after_a_failure_they_are_what_they_were(self) -> None:
        """What served before is scaled as it was."""
        room = self.room()
        room.tidy("two", outcome="failed")

        assert len(self.scaling(room)) == 3
