"""Endpoints that nobody calls: their people are told, then the promote machine stops them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from slipway.contracts import events
from slipway.domain.timestamps import timestamp
from slipway.usecases.sweep_idle import ACTOR, IdleSweep
from tests.fakes.events import FakeEvents
from tests.fakes.executions import FakeExecutions
from tests.fakes.hosting import FakeHosting
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_version
from tests.fakes.traffic import FakeTraffic

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.contracts.idle import IdleRule

ENDPOINT = "slipway-prod-pricing-hotel-rates"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway-prod-promote"
DAY = timedelta(days=1)


class Environment:
    """One endpoint that has served since ``NOW``, and the sweep over it."""

    def __init__(self, **of_state: Any) -> None:
        self.ledger, self.hosting, self.traffic = FakeLedger(), FakeHosting(), FakeTraffic()
        self.executions, self.events = FakeExecutions(), FakeEvents()
        self.now: datetime = NOW
        self.rule: IdleRule = {"days": 14, "warn_days": 3, "action": "stop"}
        self.version = a_version()
        self.ledger.put_version(self.version)
        self.hosting.endpoints_there[ENDPOINT] = {
            "EndpointName": ENDPOINT,
            "EndpointStatus": "InService",
            "EndpointConfigName": "config-1",
            "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentInstanceCount": 2}],
        }
        self.hosting.configs["config-1"] = {
            "ProductionVariants": [{"VariantName": "AllTraffic", "InstanceType": "ml.m5.large"}]
        }
        layout = [
            {
                "variant": "AllTraffic",
                "version": self.version["version"],
                "release_id": self.version["release_id"],
                "share": 1.0,
                "role": "champion",
            }
        ]
        self.ledger.endpoint_states[ENDPOINT] = [
            {
                "endpoint": ENDPOINT,
                "project": self.version["project"],
                "model": self.version["model"],
                "status": "in-service",
                "kind": "real-time",
                "config_name": "config-1",
                "layout": layout,
                "cause": "approval",
                "action": "serve",
                "version": self.version["version"],
                "execution_arn": "arn:execution",
                "fence": 7,
                "changed_at": timestamp(NOW),
                "actor": "ana@example.com",
                "reason": "better",
            }
            | of_state
        ]

    def sweep(self, after_days: float) -> dict[str, list[str]]:
        self.now = NOW + after_days * DAY
        return IdleSweep(
            rule=self.rule,
            environment="prod",
            resource_prefix="slipway-prod",
            promote_machine_arn=MACHINE,
            ledger=self.ledger,
            hosting=self.hosting,
            traffic=self.traffic,
            executions=self.executions,
            events=self.events,
            clock=lambda: self.now,
        ).sweep_idle()

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [one.document["request"] for one in self.executions.by_arn.values()]


class TestSweepIdle:
    def test_its_people_are_told_when_and_what_it_costs(self):
        """
        Once, with the moment at which it will be stopped.
        """
        world = Environment()
        assert world.sweep(10) == {"warned": [], "stopped": []}
        assert world.sweep(11)["warned"] == [ENDPOINT]
        assert world.sweep(11.5)["warned"] == []
        (told,) = world.events.of(events.ENDPOINT_IDLE)
        assert told["endpoint"] == ENDPOINT
        assert told["version"] == world.version["version"]
        assert told["stops_at"] == timestamp(NOW + 14 * DAY)
        assert told["usd_per_month"] == pytest.approx(2 * 0.115 * 730)

    def test_then_the_promote_machine_stops_it(self):
        """
        By the same machine and lease as everything else, and asked for once.
        """
        world = Environment()
        world.sweep(11)
        assert world.sweep(13.9)["stopped"] == []
        assert world.sweep(14)["stopped"] == [ENDPOINT]
        world.sweep(14.1)
        (request,) = world.requests
        assert (request["action"], request["cause"], request["actor"]) == ("stop", "promote", ACTOR)
        assert request["version"] == world.version["version"]
        assert timestamp(NOW) in request["reason"]

    def test_a_call_after_the_warning_keeps_it(self):
        """
        Whoever calls in time need do nothing else.
        """
        world = Environment()
        world.sweep(11)
        world.traffic.calls[ENDPOINT] = NOW + 13 * DAY
        assert world.sweep(14) == {"warned": [], "stopped": []}

    def test_where_people_are_only_told_nothing_is_stopped(self):
        """
        The environment's rule says what is done.
        """
        world = Environment()
        world.rule = {"days": 14, "warn_days": 3, "action": "tell"}
        world.sweep(11)
        assert world.sweep(100) == {"warned": [], "stopped": []}
        assert world.events.of(events.ENDPOINT_IDLE)[0]["stops_at"] == ""

    @pytest.mark.parametrize("of_state", [{"kind": "serverless"}, {"status": "stopped"}])
    def test_what_costs_nothing_is_left_alone(self, of_state):
        """
        A serverless endpoint costs by the call, a stopped one nothing.
        """
        assert Environment(**of_state).sweep(100) == {"warned": [], "stopped": []}

    def test_a_model_that_asks_for_it_is_kept(self):
        """
        ``keep_idle`` under ``[serving]``: rarely called, and needed all the same.
        """
        world = Environment()
        key = (world.version["project"], world.version["model"], world.version["version"])
        world.ledger.registered[key]["manifest"]["serving"]["keep_idle"] = True
        assert world.sweep(100) == {"warned": [], "stopped": []}

    def test_an_endpoint_that_changes_is_looked_at_later(self):
        """
        Its promotion has not ended, and starts the count anew.
        """
        world = Environment()
        world.hosting.endpoints_there[ENDPOINT]["EndpointStatus"] = "Updating"
        assert world.sweep(100) == {"warned": [], "stopped": []}

    def test_without_a_rule_nothing_is_asked(self):
        """
        Zero days: the sweep costs nothing.
        """
        world = Environment()
        world.rule = {"days": 0, "warn_days": 3, "action": "stop"}
        assert world.sweep(1000) == {"warned": [], "stopped": []}
