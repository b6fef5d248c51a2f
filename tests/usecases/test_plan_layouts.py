from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.layout_errors import (
    KindChangeError,
    NoRoomError,
    NothingServesError,
    StrategyNotPossibleError,
    TrialRunsError,
)
from slipway.domain.succession import SupersededError
from tests.fakes.endpoint_ledger import ENDPOINT, EndpointLedger
from tests.fakes.requests import problems_of

FLEET: dict[str, Any] = {"instance_count": 2, "min_instances": 2, "max_instances": 4}
CANARY: dict[str, Any] = FLEET | {"strategy": {"kind": "canary", "share": 0.2, "bake_minutes": 3}}
SERVERLESS = "serverless"
NO_INSTANCES: dict[str, Any] = {
    "kind": SERVERLESS,
    "instance_type": None,
    "invocations_per_instance": None,
    "max_instances": 1,
}


def endpoint(policy: dict[str, Any] | None = None, **versions: dict[str, Any]) -> EndpointLedger:
    """``v1_0_0={…}`` registers a version with these keys of ``[serving]``; the first serves."""
    made = EndpointLedger(**(policy or {}))
    names = [name[1:].replace("_", ".") for name in versions]
    for name, keys in zip(names, versions.values(), strict=True):
        made.register(name, **keys)
    if names:
        made.promote("serve", names[0])
    return made


def routing(promotion: Any) -> str:
    blue = promotion["deployment_config"].get("BlueGreenUpdatePolicy")
    return str(blue["TrafficRoutingConfiguration"]["Type"]) if blue else "ROLLING"


class TestRequests:
    @pytest.mark.parametrize(
        ("action", "more"),
        [
            ("serve", {}),
            ("beside", {"share": 0.2}),
            ("shadow", {}),
            ("beside", {"share": 0, "trial_id": "t"}),
        ],
    )
    def test_are_ones_that_boto3_sends(self, action: str, more: dict[str, Any]) -> None:
        """Every request of every action has only members, types and lengths of the services' models."""
        predictions = {"low": 1.0, "high": 9.0}
        made = endpoint(v1_0_0=CANARY)
        made.register("1.1.0", predictions=predictions, **CANARY)
        found = made.plan(action, "1.1.0", **more)

        wrong = [problems_of("sagemaker", "CreateModel", one) for one in found["model_requests"]]
        wrong += [problems_of("sagemaker", "CreateEndpointConfig", found["endpoint_config_request"])]
        wrong += [problems_of("cloudwatch", "PutMetricAlarm", one) for one in found["alarms"]]
        excluded = found["exclude_retained"]
        wrong += [
            problems_of(
                "sagemaker",
                "UpdateEndpoint",
                {
                    "EndpointName": found["endpoint_name"],
                    "EndpointConfigName": found["endpoint_config_name"],
                    "RetainAllVariantProperties": found["retain_variant_properties"],
                    "ExcludeRetainedVariantProperties": excluded,
                    **(
                        {"DeploymentConfig": found["deployment_config"]} if found["deployment_config"] else {}
                    ),
                },
            )
        ]
        assert not any(wrong)

    def test_every_version_has_its_model(self) -> None:
        """Side by side, each is named as when it serves alone."""
        made = endpoint(v1_0_0={}, v1_1_0={})
        alone = made.plan("serve", "1.1.0")["model_name"]
        found = made.plan("beside", "1.1.0", share=0.2)

        assert [one["ModelName"] for one in found["model_requests"]][1] == alone == found["model_name"]


class TestKinds:
    def test_instances_do_not_become_serverless(self) -> None:
        """It is refused before anything is touched, and says the way."""
        made = endpoint(v1_0_0={}, v1_1_0=NO_INSTANCES)

        with pytest.raises(KindChangeError, match=r"slipway endpoint stop hotel-rates") as refused:
            made.plan("serve", "1.1.0")
        assert (refused.value.serving, refused.value.wanted) == ("real-time", SERVERLESS)

    @pytest.mark.parametrize("cause", ["rollback", "promote"])
    def test_nor_the_other_way(self, cause: str) -> None:
        """Nobody gets around it by hand."""
        made = endpoint(v1_0_0=NO_INSTANCES, v1_1_0={})

        with pytest.raises(KindChangeError):
            made.plan("serve", "1.1.0", cause=cause)

    def test_the_way_that_is_said(self) -> None:
        """A stopped endpoint begins anew, as whatever kind."""
        made = endpoint(v1_0_0={}, v1_1_0=NO_INSTANCES)
        made.promote("stop", "1.0.0")

        assert made.promote("serve", "1.1.0")["kind"] == SERVERLESS

    def test_endpoints_of_before_states(self) -> None:
        """The champion's manifest says what is in service, where the ledger has no state yet."""
        made = endpoint(v1_0_0={}, v1_1_0=NO_INSTANCES)
        made.ledger.endpoint_states.clear()

        with pytest.raises(KindChangeError):
            made.plan("serve", "1.1.0")

    def test_a_queue_takes_no_second_version(self) -> None:
        """Nor does anything serverless."""
        queue = {"kind": "asynchronous", "invocations_per_instance": None}
        made = endpoint(v1_0_0=queue, v1_1_0=queue)

        with pytest.raises(NoRoomError, match="only a real-time endpoint"):
            made.plan("beside", "1.1.0", share=0.1)


class TestStrategy:
    def test_the_manifest_s(self) -> None:
        """With alarms on the config that is about to serve."""
        found = endpoint(v1_0_0=FLEET, v1_1_0=CANARY).plan("serve", "1.1.0")

        assert routing(found) == "CANARY"
        named = found["deployment_config"]["AutoRollbackConfiguration"]["Alarms"]
        assert [one["AlarmName"] for one in named] == [one["AlarmName"] for one in found["alarms"]]
        assert all(f"/{found['endpoint_config_name']}/" in one["AlarmName"] for one in named)

    def test_whoever_approved_goes_before_it(self) -> None:
        """The conditions change what they name."""
        made = endpoint(v1_0_0=FLEET, v1_1_0=CANARY)
        found = made.plan("serve", "1.1.0", conditions={"strategy": "", "share": 0.05})

        size = found["deployment_config"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"][
            "CanarySize"
        ]
        assert size["Value"] == 5
        assert (
            routing(made.plan("serve", "1.1.0", conditions={"strategy": "linear", "share": None})) == "LINEAR"
        )
        assert routing(made.plan("serve", "1.1.0", conditions={"strategy": "", "share": None})) == "CANARY"

    def test_the_request_goes_before_both(self) -> None:
        """Somebody asked for it just now."""
        made = endpoint(v1_0_0=FLEET, v1_1_0=CANARY)
        found = made.plan(
            "serve",
            "1.1.0",
            strategy={"kind": "rolling"},
            conditions={"strategy": "linear", "share": None},
        )

        assert routing(found) == "ROLLING"

    @pytest.mark.parametrize(
        ("asked", "way"),
        [
            ({"kind": "canary"}, "at least 2"),
            ({"kind": "canary", "step": 0.2}, "goes with kind 'linear'"),
            ({"share": 0.25}, "goes with kind"),
            ({"kind": "sideways"}, "one of 'all-at-once'"),
            ({"kind": "linear", "bake_minutes": 1}, "at least 2"),
        ],
    )
    def test_what_this_version_can_not_have(self, asked: dict[str, Any], way: str) -> None:
        """One instance has no half; a condition that makes no sense is not dropped silently."""
        with pytest.raises(StrategyNotPossibleError, match=way):
            endpoint(v1_0_0={}, v1_1_0={}).plan("serve", "1.1.0", strategy=asked)

    def test_what_the_environment_forbids(self) -> None:
        """Of what is asked for; with what it allows."""
        made = endpoint({"strategies": ["canary"], "max_share": 0.2}, v1_0_0=CANARY, v1_1_0=CANARY)

        with pytest.raises(StrategyNotPossibleError, match="it allows canary"):
            made.plan("serve", "1.1.0", strategy={"kind": "all-at-once"})
        with pytest.raises(StrategyNotPossibleError, match=r"at most 0\.2"):
            made.plan("serve", "1.1.0", strategy={"share": 0.5})
        with pytest.raises(StrategyNotPossibleError, match=r"allows 0 to 0\.2"):
            made.plan("beside", "1.1.0", share=0.5)

    def test_settings_that_became_stricter(self) -> None:
        """A version that was registered before is promoted as strictly, not refused."""
        made = endpoint(v1_0_0=FLEET, v1_1_0=CANARY)
        made.policy = {"max_share": 0.1, "min_bake_minutes": 9}

        blue = made.plan("serve", "1.1.0")["deployment_config"]["BlueGreenUpdatePolicy"]
        assert blue["TrafficRoutingConfiguration"]["CanarySize"]["Value"] == 10
        assert blue["TerminationWaitInSeconds"] == 540

    def test_a_rollback_waits_for_nothing(self) -> None:
        """Unless it asks to."""
        made = endpoint({"min_bake_minutes": 5}, v1_0_0=CANARY, v1_1_0=CANARY)
        made.promote("serve", "1.1.0")

        found = made.plan("serve", "1.0.0", cause="rollback")
        assert routing(found) == "ALL_AT_ONCE"
        assert found["deployment_config"]["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 0
        assert routing(made.plan("serve", "1.0.0", cause="rollback", strategy={"kind": "canary"})) == "CANARY"

    def test_no_guardrails_where_sagemaker_has_none(self) -> None:
        """Other variants' names, shadows, serverless."""
        made = endpoint(v1_0_0=CANARY, v1_1_0=CANARY, v1_2_0=CANARY)
        assert made.plan("beside", "1.1.0", share=0.1)["deployment_config"] is None
        assert made.plan("shadow", "1.1.0")["deployment_config"] is None
        made.promote("beside", "1.1.0", share=0.1)
        assert made.plan("serve", "1.1.0")["deployment_config"] is None
        assert made.plan("remove", "1.1.0")["deployment_config"] is None
        # the names stay: nothing but a share changes
        assert routing(made.plan("beside", "1.1.0", share=0.2)) == "ALL_AT_ONCE"

        serverless = endpoint(v1_0_0=NO_INSTANCES, v1_1_0=NO_INSTANCES)
        assert serverless.plan("serve", "1.1.0")["deployment_config"] is None


class TestAlarms:
    def test_of_every_version_that_stands_there(self) -> None:
        """Each variant is watched, with its own model's range of predictions."""
        made = endpoint(v1_0_0={})
        made.register("1.1.0", predictions={"low": 1.5, "high": 9.5})
        found = made.plan("beside", "1.1.0", share=0.1)

        thresholds = {one["AlarmName"].split("/", 2)[2]: one["Threshold"] for one in found["alarms"]}
        assert thresholds == {
            "5xx": 0.05,
            "model-errors": 0.05,
            "5xx/v-1-1-0": 0.05,
            "model-errors/v-1-1-0": 0.05,
            "prediction-low/v-1-1-0": 1.5,
            "prediction-high/v-1-1-0": 9.5,
        }


class TestScaling:
    def test_autoscaled_counts_stay(self) -> None:
        """Weights and capture are the new config's, always."""
        made = endpoint(v1_0_0={}, v1_1_0={})
        found = made.plan("serve", "1.1.0")

        assert found["retain_variant_properties"]
        kept = {one["VariantPropertyType"] for one in found["exclude_retained"]}
        assert kept == {"DesiredWeight", "DataCaptureConfig"}

    def test_fewer_than_the_strategy_needs_do_not(self) -> None:
        """A canary needs two, whatever served stood at; a rollback and who stands beside go at once."""
        one = {"instance_count": 1, "min_instances": 1}
        made = endpoint(v1_0_0=one, v1_1_0=CANARY, v1_2_0={})

        assert made.plan("serve", "1.1.0")["fewest_retained"] == 2
        assert made.plan("serve", "1.1.0", cause="rollback")["fewest_retained"] == 1
        assert made.plan("serve", "1.2.0")["fewest_retained"] == 1
        assert made.plan("beside", "1.1.0", share=0.1)["fewest_retained"] == 1

    def test_the_manifest_s_count_counts(self) -> None:
        """Where nothing is scaled, or nothing stands there yet."""
        made = EndpointLedger()
        made.register("1.0.0")
        assert not made.plan("serve", "1.0.0")["retain_variant_properties"]

        made.promote("serve", "1.0.0")
        made.register("1.1.0", invocations_per_instance=None)
        found = made.plan("serve", "1.1.0")
        assert not found["retain_variant_properties"]
        assert found["scaling_targets"] == []
        assert found["scaling_removals"] == [
            {
                "resource_id": f"endpoint/{ENDPOINT}/variant/AllTraffic",
                "dimension": "sagemaker:variant:DesiredInstanceCount",
            }
        ]

    def test_each_version_by_itself(self) -> None:
        """A shadow is not scaled: it gets what its share brings."""
        made = endpoint(v1_0_0={}, v1_1_0={})

        beside = made.plan("beside", "1.1.0", share=0.1)["scaling_targets"]
        assert [one["resource_id"].rsplit("/", 1)[1] for one in beside] == ["AllTraffic", "v-1-1-0"]
        assert len(made.plan("shadow", "1.1.0")["scaling_targets"]) == 1


class TestSmoke:
    def test_the_version_itself_is_asked(self) -> None:
        """By its variant's name where several stand there."""
        made = endpoint(v1_0_0={}, v1_1_0={})
        assert made.plan("serve", "1.1.0")["smoke"]["variant"] == ""

        found = made.plan("beside", "1.1.0", share=0)
        assert (found["smoke"]["variant"], found["identity"]["version"]) == ("v-1-1-0", "1.1.0")

    def test_who_answers_nobody_is_not_asked(self) -> None:
        """A shadow's champion answers, and says so."""
        found = endpoint(v1_0_0={}, v1_1_0={}).plan("shadow", "1.1.0")

        assert (found["smoke"]["variant"], found["identity"]["version"]) == ("", "1.0.0")


class TestTrials:
    def made(self, **policy: Any) -> EndpointLedger:
        made = endpoint(policy, v1_0_0={}, v1_1_0={}, v1_2_0={})
        made.promote("beside", "1.1.0", share=0.1, trial_id="t1")
        return made

    def test_a_newer_version_ends_it(self) -> None:
        """The trial is named, and learns of it by the endpoint's state."""
        made = self.made()

        found = made.promote("serve", "1.2.0", cause="approval")

        assert found["superseded_trial"] == "t1"
        assert "trial_id" not in made.state()

    def test_a_newer_trial_ends_it(self) -> None:
        """Its challenger takes the place of the other's."""
        made = self.made()

        found = made.promote("beside", "1.2.0", share=0.1, trial_id="t2", cause="approval")

        assert found["superseded_trial"] == "t1"
        assert made.state()["trial_id"] == "t2"
        assert made.aliases() == {"champion": "1.0.0", "challenger": "1.2.0"}

    def test_it_ends_by_itself(self) -> None:
        """Its own promotion supersedes nothing."""
        made = self.made()

        assert made.plan("serve", "1.1.0", trial_id="t1", cause="approval")["superseded_trial"] == ""
        assert made.plan("remove", "1.1.0", trial_id="t1")["superseded_trial"] == ""

    def test_the_same_version_is_tried_again(self) -> None:
        """The first trial is over all the same: another one stands there."""
        made = self.made()

        assert made.promote("beside", "1.1.0", share=0.2, trial_id="t2")["superseded_trial"] == "t1"
        assert made.state()["trial_id"] == "t2"

    @pytest.mark.parametrize(
        ("action", "version"),
        [("serve", "1.1.0"), ("serve", "1.2.0"), ("beside", "1.1.0")],
    )
    def test_whose_challenger_is_gone_takes_nothing_away(self, action: str, version: str) -> None:
        """It may be champion by now, stand beside by hand, or not at all: nothing changes, nothing fails."""
        made = self.made()
        made.promote(action, version)
        before, history = made.state(), made.ledger.endpoint_history(ENDPOINT)

        assert made.promote("remove", "1.1.0", trial_id="t1")["layout"] == before["layout"]
        assert (made.state(), made.ledger.endpoint_history(ENDPOINT)) == (before, history)

    def test_that_was_stopped_leaves_once(self) -> None:
        """With the reason of whoever stopped it; its own execution then finds nothing to take away."""
        made = self.made()
        made.promote("remove", "1.1.0", trial_id="t1", reason="enough", actor="ben")
        made.promote("remove", "1.1.0", trial_id="t1", reason="let us see", actor="ana")

        history = made.ledger.endpoint_history(ENDPOINT)
        removals = [one for one in history if one["action"] == "remove"]
        assert [(one["actor"], one["reason"]) for one in removals] == [("ben", "enough")]
        assert made.aliases() == {"champion": "1.0.0"}

    def test_it_takes_no_other_trial_s_challenger_away(self) -> None:
        """Of the same version as its own, or of another one: the other trial goes on."""
        for version in ("1.1.0", "1.2.0"):
            made = self.made()
            made.promote("beside", version, share=0.2, trial_id="t2")
            made.promote("remove", "1.1.0", trial_id="t1")

            assert made.state()["trial_id"] == "t2"
            assert made.aliases() == {"champion": "1.0.0", "challenger": version}

    def test_the_environment_lets_it_end_first(self) -> None:
        """What was approved waits; who promotes by hand does not."""
        made = self.made(newer_version="waits")

        with pytest.raises(TrialRunsError, match="trial t1") as refused:
            made.plan("serve", "1.2.0", cause="approval")
        assert refused.value.trial_id == "t1"
        assert made.plan("serve", "1.2.0")["superseded_trial"] == "t1"
        assert made.plan("serve", "1.1.0", trial_id="t1", cause="approval")["superseded_trial"] == ""

    def test_somebody_stands_beside_it(self) -> None:
        """The trial goes on."""
        made = self.made()

        found = made.promote("beside", "1.2.0", share=0.0)

        assert (found["superseded_trial"], made.state()["trial_id"]) == ("", "t1")


class TestOlderChallenger:
    """1.0.0 is tried beside the newer champion 1.1.0."""

    def made(self) -> EndpointLedger:
        made = endpoint(v1_0_0={}, v1_1_0={}, v1_2_0={})
        made.promote("serve", "1.1.0")
        made.promote("beside", "1.0.0", share=0.1, trial_id="t1")
        record: Any = {"project": "pricing", "model": "hotel-rates", "trial_id": "t1", "champion": "1.1.0"}
        made.ledger.begin_trial(record)
        return made

    @pytest.mark.parametrize("cause", ["approval", "promote"])
    def test_becomes_champion_again(self, cause: str) -> None:
        """Approved after its trial, it takes the newer one's place."""
        made = self.made()

        made.promote("serve", "1.0.0", trial_id="t1", cause=cause)
        assert made.aliases() == {"champion": "1.0.0"}
        # tried again after it was recorded
        made.plan("serve", "1.0.0", trial_id="t1", cause=cause)

    @pytest.mark.parametrize("cause", ["approval", "promote"])
    def test_does_not_where_another_one_serves_by_now(self, cause: str) -> None:
        """It was not tried beside that one."""
        made = self.made()
        made.promote("serve", "1.2.0")

        with pytest.raises(SupersededError, match=r"1\.2\.0 serves by now.*Try it beside 1\.2\.0"):
            made.plan("serve", "1.0.0", trial_id="t1", cause=cause)


class TestStop:
    def test_nothing_is_asked_for(self) -> None:
        """Only what has to go is named."""
        made = endpoint(v1_0_0={}, v1_1_0={})
        made.promote("shadow", "1.1.0", trial_id="t1")

        found = made.plan("stop", "1.0.0")

        assert (found["layout"], found["model_requests"], found["endpoint_config_request"]) == ([], [], {})
        assert found["believed_config"] == made.state()["config_name"]
        assert found["superseded_trial"] == "t1"
        assert len(found["scaling_removals"]) == 1

    def test_nothing_is_there(self) -> None:
        """Nor was it before."""
        made = EndpointLedger()
        made.register("1.0.0")

        with pytest.raises(NothingServesError):
            made.plan("stop", "1.0.0")


class TestDrift:
    def test_what_the_ledger_believes(self) -> None:
        """The machine compares it with what is in service; endpoints of before states are not compared."""
        made = endpoint(v1_0_0={}, v1_1_0={})
        assert made.plan("serve", "1.1.0")["believed_config"] == made.state()["config_name"]

        made.ledger.endpoint_states.clear()
        assert made.plan("serve", "1.1.0")["believed_config"] is None
