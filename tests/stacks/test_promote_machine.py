from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import ledger, names
from slipway.domain.guardrails import deployment_config
from slipway.domain.manifest_serving import LONGEST_STARTUP_SECONDS
from slipway.domain.next_actions import next_action
from slipway.domain.promotion_strategy import AT_ONCE
from stacks.machines import limits
from stacks.machines.endpoint import LOOKS, UNAVAILABLE
from stacks.machines.promote import definition
from tests.fakes.state_machine import Run, answers, fails
from workbench.local.states.failures import StateFailedError

DEFINITION = definition(environment="dev", resource_prefix="slipway-dev")
REQUEST = {
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
    "release_id": "9f2c41d07b3a55e1",
    "cause": "approval",
    "actor": "ann@example.com",
    "reason": "better",
}
IDENTITY = {
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
    "image_digest": "sha256:1",
    "data_version": "1.0.0",
}
SCALING = {
    "resource_id": "x",
    "min_capacity": 1,
    "max_capacity": 2,
    "policy_name": "p",
    "invocations_per_instance": 100,
}
THERE = StateFailedError("SageMaker.SageMakerException", 'Cannot create already existing model "arn"')
MISSING = StateFailedError("SageMaker.SageMakerException", 'Could not find endpoint "arn".')


TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
SCALED_BEFORE = {
    "LookAtScaling": {"ScalableTargets": [{"MinCapacity": 2, "MaxCapacity": 7}]},
    "LookAtPolicy": {
        "ScalingPolicies": [
            {
                "PolicyName": "invocations",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": TRACKING,
            }
        ]
    },
}
NONE_REGISTERED = StateFailedError(
    "ApplicationAutoScaling.ObjectNotFoundException", "No scalable target found"
)


def promotion(scaling: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "endpoint_name": "slipway-dev-pricing-hotel-rates",
        "endpoint_config_name": "new",
        "model_name": "new",
        "identity": IDENTITY,
        "model_request": {"ModelName": "new"},
        "endpoint_config_request": {
            "EndpointConfigName": "new",
            "ProductionVariants": [{"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        },
        "deployment_config": {"BlueGreenUpdatePolicy": {}},
        "tags": [{"Key": "slipway:project", "Value": "pricing"}],
        "scaling": scaling,
        "smoke": {},
        "previous": None,
        "poll_seconds": 15,
    }


def endpoint(status: str, config: str, **more: Any) -> dict[str, Any]:
    return {
        "EndpointArn": "arn:endpoint",
        "EndpointStatus": status,
        "EndpointConfigName": config,
        "ProductionVariants": [{"CurrentInstanceCount": 1}],
    } | more


def run(*looks: Any, scaling: dict[str, Any] | None = SCALING, **tasks: Any) -> Run:
    """An execution whose endpoint looks as ``looks`` say, one after the other."""
    look = answers(*looks)
    done = answers({})
    return Run(
        DEFINITION,
        {name: done for name, state in DEFINITION["States"].items() if state["Type"] == "Task"}
        | {
            "PlanPromotion": answers({"Payload": promotion(scaling)}),
            "Look": look,
            "LookBack": look,
            "LookAtScaling": answers({"ScalableTargets": []}),
            "LookAtPolicy": answers({"ScalingPolicies": []}),
            "Smoke": answers({"Payload": {"status": "answered", "milliseconds": 12.5, "identity": IDENTITY}}),
            "MoveAlias": answers({"Payload": {"alias": "champion"}}),
        }
        | tasks,
    )


def failure(execution: Run) -> StateFailedError:
    with pytest.raises(StateFailedError) as caught:
        execution.start({"request": REQUEST})
    return caught.value


class TestPromotion:
    def test_first_version_creates_the_endpoint(self) -> None:
        """Where there is no endpoint, one is created, proved, given the alias and told."""
        execution = run(MISSING, endpoint("Creating", "new"), endpoint("InService", "new"))
        document = execution.start({"request": REQUEST})
        assert document["endpoint"] == {
            "endpoint_name": "slipway-dev-pricing-hotel-rates",
            "endpoint_arn": "arn:endpoint",
            "endpoint_config_name": "new",
            "variant": names.VARIANT,
            "instance_type": "ml.m5.large",
            "instance_count": 1,
            "identity": IDENTITY,
            "smoke_status": "answered",
            "smoke_milliseconds": 12.5,
        }
        assert "UpdateEndpoint" not in execution.path
        assert execution.calls["CreateEndpoint"][0]["Tags"] == [
            {"Key": "slipway:project", "Value": "pricing"}
        ]

    def test_created_endpoint_that_is_not_seen_yet_is_waited_for(self) -> None:
        """What was just created may not be found for a moment: it is not created again."""
        execution = run(MISSING, MISSING, endpoint("Creating", "new"), endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        assert len(execution.calls["CreateEndpoint"]) == 1

    def test_later_version_updates_it(self) -> None:
        """An endpoint in service is updated, keeping what autoscaling has set."""
        execution = run(
            endpoint("InService", "old"), endpoint("Updating", "old"), endpoint("InService", "new")
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"] == [
            {
                "EndpointName": "slipway-dev-pricing-hotel-rates",
                "EndpointConfigName": "new",
                "RetainAllVariantProperties": True,
                "DeploymentConfig": {"BlueGreenUpdatePolicy": {}},
            },
        ]

    def test_order_of_proof(self) -> None:
        """The alias moves after the endpoint has answered, and nobody is told before."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        assert execution.path[-6:] == [
            "SetScaling",
            "Smoke",
            "MoveAlias",
            "Tell",
            "ReleaseLease",
            "InService",
        ]

    def test_document_has_the_contract_s_keys(self) -> None:
        """The execution ends with request, promotion, smoke and endpoint."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        assert list(execution.start({"request": REQUEST})) == ["request", "promotion", "smoke", "endpoint"]

    def test_what_is_already_there_is_used(self) -> None:
        """A rollback finds model and config of an earlier promotion."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            CreateModel=answers(THERE),
            CreateEndpointConfig=answers(THERE),
        )
        execution.start({"request": REQUEST})
        assert "IsTheEndpointConfigThere" in execution.path

    def test_busy_endpoint_is_waited_for(self) -> None:
        """An update by somebody else ends before ours begins."""
        execution = run(
            endpoint("Updating", "other"), endpoint("InService", "other"), endpoint("InService", "new")
        )
        execution.start({"request": REQUEST})
        assert execution.variables["served"] == "other"

    def test_wanted_config_in_service_is_not_updated(self) -> None:
        """Promoting what already serves proves it again and changes nothing."""
        execution = run(endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        assert "UpdateEndpoint" not in execution.calls

    def test_failed_endpoint_is_replaced(self) -> None:
        """One that failed when it was created can't be updated: it is deleted and created."""
        execution = run(
            endpoint("Failed", "older"),
            endpoint("Deleting", "older"),
            MISSING,
            endpoint("InService", "new"),
        )
        execution.start({"request": REQUEST})
        assert [name for name in execution.path if name in ("DeleteFailedEndpoint", "CreateEndpoint")] == [
            "DeleteFailedEndpoint",
            "CreateEndpoint",
        ]

    def test_without_scaling_the_target_is_removed(self) -> None:
        """A manifest that asks for no autoscaling ends that of its predecessor; having had none is fine."""
        none = fails("ApplicationAutoScaling.ObjectNotFoundException", "No scalable target found")
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), scaling=None, DeregisterScaling=none
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"][0]["RetainAllVariantProperties"] is False
        assert "RegisterScaling" not in execution.path


class TestScaledEndpoint:
    """SageMaker refuses to change the instance type of a variant that is a scalable target."""

    def test_is_no_target_while_it_is_updated(self) -> None:
        """The target goes before the update and comes after it, as the new manifest says."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            **{name: answers(answer) for name, answer in SCALED_BEFORE.items()},
        )
        execution.start({"request": REQUEST})
        order = [name for name in execution.path if "Scaling" in name or name == "UpdateEndpoint"]
        assert order == ["LookAtScaling", "SuspendScaling", "UpdateEndpoint", "RegisterScaling", "SetScaling"]
        assert execution.calls["RegisterScaling"][0]["MinCapacity"] == SCALING["min_capacity"]
        assert execution.calls["LookAtScaling"][0]["ResourceIds"] == [
            f"endpoint/slipway-dev-pricing-hotel-rates/variant/{names.VARIANT}"
        ]

    def test_that_is_no_target_is_updated_all_the_same(self) -> None:
        """Having had no target is fine."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            SuspendScaling=answers(NONE_REGISTERED),
        )
        assert "endpoint" in execution.start({"request": REQUEST})

    @pytest.mark.parametrize(
        ("looks", "tasks"),
        [
            pytest.param(
                ["old", "new", "new", "old"], {"Smoke": fails("SmokeTestFailedError", "500")}, id="restored"
            ),
            pytest.param(["old", "old", "old"], {}, id="rolled back"),
            pytest.param(
                ["old", "old"], {"UpdateEndpoint": fails("SageMaker.SageMakerException", "no")}, id="refused"
            ),
        ],
    )
    def test_is_scaled_as_before_on_every_way_back(self, looks: list[str], tasks: dict[str, Any]) -> None:
        """What serves again has the limits and the policy that it had, not those of the new version."""
        scaled = {name: answers(answer) for name, answer in SCALED_BEFORE.items()}
        execution = run(*(endpoint("InService", config) for config in looks), **scaled, **tasks)
        failure(execution)
        again = execution.calls["RegisterScalingAgain"][0]
        assert (again["MinCapacity"], again["MaxCapacity"]) == (2, 7)
        policy = execution.calls["SetScalingAgain"][0]
        assert policy["PolicyName"] == "invocations"
        assert policy["TargetTrackingScalingPolicyConfiguration"] == TRACKING

    def test_is_no_target_while_it_is_put_back(self) -> None:
        """The way back may change the instance type, too."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            endpoint("InService", "new"),
            endpoint("InService", "old"),
            Smoke=fails("SmokeTestFailedError", "500"),
        )
        failure(execution)
        assert execution.path.index("Unscale") == execution.path.index("Restore") - 1
        assert "RegisterScalingAgain" not in execution.path

    def test_that_is_not_scaled_again_says_so(self) -> None:
        """Somebody must act: it serves, with as many instances as it has."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "old", FailureReason="no /ping"),
            RegisterScalingAgain=fails("ApplicationAutoScaling.LimitExceededException", "too many"),
            **{name: answers(answer) for name, answer in SCALED_BEFORE.items()},
        )
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "serves what it served before, config old, but is no longer scaled" in error.cause
        assert "LimitExceededException: too many. What led to this: RolledBack" in error.cause

    def test_that_was_created_leaves_no_target(self) -> None:
        """An endpoint that is deleted again takes its target along."""
        execution = run(
            MISSING,
            endpoint("InService", "new"),
            endpoint("InService", "new"),
            Smoke=fails("SmokeTestFailedError", "500"),
        )
        failure(execution)
        assert execution.path.index("UnscaleCreated") == execution.path.index("DeleteCreatedEndpoint") - 1


class TestLease:
    def test_is_the_endpoint_s(self) -> None:
        """The lease's key is the contract's, for the endpoint's name as the contract builds it."""
        execution = run(endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        key = ledger.lease_key(names.endpoint("slipway-dev", "pricing", "hotel-rates"))
        taken = execution.calls["TakeLease"][0]["Item"]
        assert {"pk": taken["pk"]["S"], "sk": taken["sk"]["S"]} == key
        assert execution.calls["ReleaseLease"][0]["Key"] == {
            name: {"S": value} for name, value in key.items()
        }

    def test_is_waited_for(self) -> None:
        """Somebody else's lease is no failure."""
        held = StateFailedError("DynamoDB.ConditionalCheckFailedException", "The conditional request failed")
        execution = run(endpoint("InService", "new"), TakeLease=answers(held, held, {}))
        execution.start({"request": REQUEST})
        assert len(execution.calls["TakeLease"]) == 3

    def test_that_has_run_out_does_not_change_the_ending(self) -> None:
        """A promotion that succeeded has succeeded, whoever has the lease now."""
        execution = run(
            endpoint("InService", "new"), ReleaseLease=fails("DynamoDB.ConditionalCheckFailedException")
        )
        assert "endpoint" in execution.start({"request": REQUEST})

    @pytest.mark.parametrize(
        "state",
        sorted(
            name
            for name, state in DEFINITION["States"].items()
            if state["Type"] == "Task" and name != "TakeLease" and "Lease" not in name
        ),
    )
    def test_is_given_back_whatever_fails(self, state: str) -> None:
        """Every task's failure leads over the release of the lease to a failed execution."""
        assert self._ends(DEFINITION["States"][state]["Catch"][-1]["Next"]) <= {"Failed", "InService"}
        assert DEFINITION["States"][state]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]

    def _ends(self, start: str) -> set[str]:
        """The states without a successor that can be reached from ``start`` without giving the lease back."""
        ends, seen, left = set(), set(), [start]
        while left:
            name = left.pop()
            if name in seen:
                continue
            seen.add(name)
            state = DEFINITION["States"][name]
            following = [rule["Next"] for rule in state.get("Choices", ())]
            following += [catch["Next"] for catch in state.get("Catch", ())]
            following += [state[key] for key in ("Next", "Default") if key in state]
            if not following:
                ends.add(name)
            left += following
        assert {"ReleaseLease", "ReleaseLeaseAfterFailure"} & seen
        return ends


class TestLimits:
    """What holds whatever the parts of a promotion are said to take at most."""

    def test_lease_outlives_the_machine(self) -> None:
        """Nobody works on an endpoint with a lease that has run out."""
        assert DEFINITION["TimeoutSeconds"] == limits.MACHINE
        assert limits.LEASE > limits.MACHINE

    def test_machine_has_time_for_its_way_back(self) -> None:
        """The time-out, which puts nothing back, comes after the longest wait, way forward and way back."""
        assert limits.MACHINE > limits.LEASE_WAIT + limits.FORWARD + limits.BACK

    def test_slowest_update_fits(self) -> None:
        """The slowest server that a manifest may have, after all waits for quota, is no time-out."""
        slowest = deployment_config(AT_ONCE, LONGEST_STARTUP_SECONDS)["BlueGreenUpdatePolicy"]
        update = slowest["MaximumExecutionTimeoutInSeconds"]
        assert update == limits.UPDATE
        (quota,) = (
            item for item in UNAVAILABLE if "SageMaker.ResourceLimitExceededException" in item["ErrorEquals"]
        )
        assert 2 * update + self._waits(quota) < limits.FORWARD
        assert 2 * update + self._waits(quota) < limits.BACK

    def test_lease_is_waited_for_as_long_as_one_promotion_may_hold_it(self) -> None:
        """Whoever comes second does not fail because the first one is slow."""
        held = DEFINITION["States"]["TakeLease"]["Retry"][0]
        assert held["JitterStrategy"] == "NONE"
        assert limits.FORWARD + limits.BACK <= self._waits(held) <= limits.LEASE_WAIT

    def test_history_never_fills(self) -> None:
        """25,000 events end an execution without a way back: the longest one stays far below."""
        seconds, looks = 0.0, 0
        while seconds < limits.FORWARD + limits.BACK:
            seconds += max(1, int(seconds / LOOKS))
            looks += 1
        assert looks * 12 + limits.LEASE_ATTEMPTS * 5 < 20_000

    def _waits(self, retrier: dict[str, Any]) -> float:
        """The longest that the waits of all retries take."""
        return sum(
            min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** number, retrier["MaxDelaySeconds"])
            for number in range(retrier["MaxAttempts"])
        )


class TestLatePromotion:
    def late(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """The definition, with no time at all for the way forward."""
        monkeypatch.setattr(limits, "FORWARD", -60)
        return definition(environment="dev", resource_prefix="slipway-dev")

    def test_puts_back_what_served(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An update that does not end in time is put back as soon as it does end."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("Updating", "old"),
            endpoint("Updating", "old"),
            endpoint("InService", "new"),
            endpoint("InService", "old"),
        )
        execution.definition = self.late(monkeypatch)
        assert failure(execution).error == "PromotionTimedOut"
        assert execution.calls["Restore"][0]["EndpointConfigName"] == "old"

    def test_leaves_alone_what_others_change(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An endpoint that others keep busy is not waited for without end."""
        execution = run(endpoint("Updating", "old"))
        execution.definition = self.late(monkeypatch)
        error = failure(execution)
        assert error.error == "PromotionTimedOut"
        assert "did not take config new within" in error.cause
        assert "LookBack" not in execution.path

    def test_way_back_ends_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An endpoint that never settles does not keep the lease: somebody must act."""
        monkeypatch.setattr(limits, "BACK", -60)
        execution = run(endpoint("InService", "old"), endpoint("Updating", "old"))
        execution.definition = self.late(monkeypatch)
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "its status is Updating. What led to this: PromotionTimedOut" in error.cause


class TestFailedPromotion:
    def test_rollback_is_a_failure(self) -> None:
        """In service with the old config is what served before, not success."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("Updating", "old"),
            endpoint("RollingBack", "old"),
            endpoint("InService", "old", FailureReason="the container did not answer /ping"),
        )
        error = failure(execution)
        assert error.error == "RolledBack"
        assert error.cause == (
            "endpoint slipway-dev-pricing-hotel-rates did not take config new: "
            "SageMaker went back to config old: the container did not answer /ping"
        )
        assert {"Smoke", "MoveAlias", "Restore"}.isdisjoint(execution.path)
        assert execution.calls["ReleaseLeaseAfterFailure"]

    def test_endpoint_that_does_not_start_says_why(self) -> None:
        """A created endpoint that failed stays for its reason to be read; the next promotion replaces it."""
        execution = run(
            MISSING, endpoint("Creating", "new"), endpoint("Failed", "new", FailureReason="no /ping")
        )
        error = failure(execution)
        assert error.error == "EndpointFailed"
        assert "status Failed: no /ping" in error.cause
        assert "DeleteCreatedEndpoint" not in execution.path

    @pytest.mark.parametrize("status", ["UpdateRollbackFailed", "OutOfService"])
    def test_endpoint_that_people_must_mend_says_so(self, status: str) -> None:
        """What can be neither updated nor waited for is left alone; the error has next actions of its own."""
        execution = run(endpoint(status, "old", FailureReason="no capacity"))
        error = failure(execution)
        assert error.error == "EndpointNeedsRepair"
        assert f"status {status} (their runbook has the steps): no capacity" in error.cause
        action = next_action("Promote", error.error, error.cause, release_id="9f2c41d07b3a55e1")
        assert "An endpoint is Failed or UpdateRollbackFailed" in action
        assert {"UpdateEndpoint", "LookBack", "CreateEndpoint"}.isdisjoint(execution.path)

    def test_update_that_broke_the_endpoint_says_that_it_is_not_restored(self) -> None:
        """An update that ended in such a status has taken away what served: that is the error."""
        execution = run(
            endpoint("InService", "old"), endpoint("UpdateRollbackFailed", "old", FailureReason="no capacity")
        )
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "its status is UpdateRollbackFailed. What led to this: EndpointNeedsRepair" in error.cause

    @pytest.mark.parametrize("state", ["RegisterScaling", "SetScaling", "Smoke", "MoveAlias"])
    def test_what_served_before_is_put_back(self, state: str) -> None:
        """Whatever fails after the update: the endpoint goes back to the config that served, then fails."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            endpoint("InService", "new"),
            endpoint("Updating", "new"),
            endpoint("InService", "old"),
            **{state: fails("SmokeTestFailedError", '{"errorMessage": "500"}')},
        )
        error = failure(execution)
        assert (error.error, error.cause) == ("SmokeTestFailedError", '{"errorMessage": "500"}')
        assert execution.calls["Restore"][0]["EndpointConfigName"] == "old"
        assert execution.path[-4:] == ["IsItRestored", "WasItScaled", "ReleaseLeaseAfterFailure", "Failed"]

    def test_created_endpoint_that_answers_wrongly_is_deleted(self) -> None:
        """Nothing served before, so nothing shall."""
        execution = run(
            MISSING,
            endpoint("InService", "new"),
            endpoint("InService", "new"),
            Smoke=fails("SmokeTestFailedError", "500"),
        )
        assert failure(execution).error == "SmokeTestFailedError"
        assert "DeleteCreatedEndpoint" in execution.path

    @pytest.mark.parametrize(
        ("state", "looks"),
        [
            ("DeleteFailedEndpoint", [endpoint("Failed", "older"), MISSING, endpoint("InService", "new")]),
            (
                "DeleteCreatedEndpoint",
                [MISSING, endpoint("InService", "new"), endpoint("InService", "new")],
            ),
        ],
    )
    def test_throttled_deletion_is_repeated(self, state: str, looks: list[Any]) -> None:
        """SageMaker has no error name for "Rate exceeded": it is tried again all the same."""
        throttled = StateFailedError("SageMaker.SageMakerException", "Rate exceeded")
        smoke = {} if state == "DeleteFailedEndpoint" else {"Smoke": fails("SmokeTestFailedError", "500")}
        execution = run(*looks, **{state: answers(throttled, throttled, {})}, **smoke)
        if smoke:
            assert failure(execution).error == "SmokeTestFailedError"
        else:
            execution.start({"request": REQUEST})
        assert len(execution.calls[state]) == 3

    def test_endpoint_that_was_never_made_needs_no_restoring(self) -> None:
        """SageMaker refused to create it: the error is that refusal, not a failed way back."""
        refused = fails("SageMaker.ResourceLimitExceededException", "no quota")
        error = failure(run(MISSING, MISSING, CreateEndpoint=refused))
        assert (error.error, error.cause) == ("SageMaker.ResourceLimitExceededException", "no quota")

    def test_failed_restore_says_so_and_what_led_to_it(self) -> None:
        """Somebody must act: the error says that the endpoint is not what it was."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            Smoke=fails("SmokeTestFailedError", "500"),
            Restore=fails("SageMaker.ResourceLimitExceededException", "no quota"),
        )
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "could not be put back to config old" in error.cause
        assert "SmokeTestFailedError: 500" in error.cause

    def test_restore_is_tried_once(self) -> None:
        """An endpoint that goes back to the new config does not keep the machine for ever."""
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), Smoke=fails("SmokeTestFailedError")
        )
        assert failure(execution).error == "RestoreFailed"
        assert execution.path.count("Restore") == 1

    def test_nothing_is_restored_that_was_not_touched(self) -> None:
        """A failure before the update leaves the endpoint alone."""
        execution = run(PlanPromotion=fails("UnknownVersionError", "no such version"))
        assert failure(execution).error == "UnknownVersionError"
        assert execution.path[-4:] == [
            "PlanPromotion",
            "MustItBeRestored",
            "ReleaseLeaseAfterFailure",
            "Failed",
        ]

    def test_refused_model_is_a_failure(self) -> None:
        """Another refusal than that it exists already is not ignored."""
        oci = fails("SageMaker.SageMakerException", "Unsupported manifest media type")
        assert "Unsupported manifest" in failure(run(CreateModel=oci)).cause

    def test_lost_notice_does_not_undo_the_promotion(self) -> None:
        """When only the telling fails, the alias has moved: the endpoint stays."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            Tell=fails("EventBridge.AmazonEventBridgeException", "down"),
        )
        assert failure(execution).error == "EventBridge.AmazonEventBridgeException"
        assert "LookBack" not in execution.path

    def test_throttled_look_is_repeated(self) -> None:
        """A throttled call is no reason to give up an update."""
        throttled = StateFailedError("SageMaker.SageMakerException", "Rate exceeded")
        execution = run(endpoint("InService", "old"), throttled, endpoint("InService", "new"))
        assert "endpoint" in execution.start({"request": REQUEST})
