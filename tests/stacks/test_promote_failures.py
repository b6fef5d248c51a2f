from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.domain.next_actions import next_action
from tests.fakes.promote_runs import MISSING, REQUEST, SCALED_BEFORE, endpoint, failure, run
from tests.fakes.state_machine import answers, fails
from workbench.local.states.failures import StateFailedError

NAME = "slipway-dev-pricing-hotel-rates"
OLD, NEW = endpoint("InService", "old"), endpoint("InService", "new")
NO_SMOKE = fails("SmokeTestFailedError", "500")
FAILED = endpoint("Failed", "old", FailureReason="no")
AWAY = (
    StateFailedError(
        "SageMaker.SageMakerException", "Rate exceeded (Service: SageMaker, Status Code: 400, Request ID: 1)"
    ),
    StateFailedError(
        "SageMaker.SageMakerException",
        "Internal failure (Service: SageMaker, Status Code: 500, Request ID: 1)",
    ),
)
DENIED = StateFailedError(
    "SageMaker.SageMakerException", "User: promote is not authorized to perform: sagemaker:DescribeEndpoint"
)
BEFORE = {name: answers(answer) for name, answer in SCALED_BEFORE.items()}


class TestRollback:
    """SageMaker went back by itself: it ends in service, and is no success."""

    def test_is_a_failure(self) -> None:
        """In service with the old config is what served before."""
        execution = run(
            OLD,
            endpoint("Updating", "old"),
            endpoint("RollingBack", "old"),
            endpoint("InService", "old", FailureReason="the container did not answer /ping"),
        )
        error = failure(execution)
        assert error.error == "RolledBack"
        assert error.cause == (
            f"endpoint {NAME} did not take config new: SageMaker went back to config old: "
            "the container did not answer /ping"
        )
        assert {"Smoke", "MoveAlias", "Restore"}.isdisjoint(execution.path)
        assert execution.calls["ReleaseLeaseAfterFailure"]

    def test_by_an_alarm_names_it_with_its_value(self) -> None:
        """SageMaker does not say which: their history is asked, for they are quiet as soon as it is back."""
        again = {"HistorySummary": "Alarm updated from ALARM to OK", "HistoryData": "{}"}
        reason = "Threshold Crossed: 1 datapoint [0.4] was greater than the threshold (0.05)."
        told = {"newState": {"stateValue": "ALARM", "stateReason": reason}}
        rang = {"HistorySummary": "Alarm updated from OK to ALARM", "HistoryData": json.dumps(told)}
        execution = run(
            OLD,
            endpoint("RollingBack", "old"),
            OLD,
            plan={"alarms": [{"AlarmName": f"{NAME}/new/{what}"} for what in ("latency-p99", "5xx")]},
            LookAtAlarm=answers({"AlarmHistoryItems": [again]}, {"AlarmHistoryItems": [again, rang]}),
        )
        error = failure(execution)
        assert error.error == "RolledBackByAlarm"
        assert error.cause.endswith(f"; alarm {NAME}/new/5xx: {reason}")
        assert "latency" not in error.cause
        action = next_action("RolledBackByAlarm", error.error, error.cause, release_id="9f")
        assert "serving.alarms" in action

    def test_whose_alarm_nobody_can_tell_is_told_all_the_same(self) -> None:
        """What is only good to know fails nothing."""
        denied = fails("CloudWatch.CloudWatchException", "denied")
        execution = run(OLD, endpoint("RollingBack", "old"), OLD, LookAtAlarm=denied)
        assert failure(execution).error == "RolledBack"

    def test_of_what_was_tidied_up(self) -> None:
        """Alarms and config of what did not make it go; a failing tidying hides nothing."""
        execution = run(OLD, OLD, TidyAfterFailure=fails("Lambda.Unknown", "down"))
        assert failure(execution).error == "RolledBack"
        payload = execution.calls["TidyAfterFailure"][0]["Payload"]
        assert payload["asked"] == ["new"]
        assert payload["document"]["promotion"]["endpoint_name"] == NAME


class TestBrokenEndpoint:
    def test_that_does_not_start_says_why(self) -> None:
        """A created endpoint that failed stays for its reason to be read; the next promotion replaces it."""
        execution = run(
            MISSING, endpoint("Creating", "new"), endpoint("Failed", "new", FailureReason="no /ping")
        )
        error = failure(execution)
        assert error.error == "EndpointFailed"
        assert "status Failed: no /ping" in error.cause
        assert "DeleteCreated" not in execution.path

    @pytest.mark.parametrize("status", ["UpdateRollbackFailed", "OutOfService"])
    def test_that_still_serves_is_left_to_people(self, status: str) -> None:
        """It may answer, in part: what can be neither updated nor waited for is left alone."""
        execution = run(endpoint(status, "old", FailureReason="no capacity"))
        error = failure(execution)
        assert error.error == "EndpointNeedsRepair"
        assert f"status {status} (docs/operations.md has the steps): no capacity" in error.cause
        action = next_action("Promote", error.error, error.cause, release_id="9f2c41d07b3a55e1")
        assert "An endpoint is Failed or UpdateRollbackFailed" in action
        assert "`slipway endpoint stop MODEL`" in action
        assert {"UpdateEndpoint", "LookBack", "CreateEndpoint"}.isdisjoint(execution.path)

    @pytest.mark.parametrize("status", ["UpdateRollbackFailed", "OutOfService"])
    @pytest.mark.parametrize(
        ("kind", "variants"),
        [
            ("serverless", [{"VariantName": "AllTraffic", "CurrentServerlessConfig": {"MaxConcurrency": 5}}]),
            ("asynchronous", [{"VariantName": "AllTraffic", "CurrentInstanceCount": 0}]),
            ("real-time", [{"VariantName": "AllTraffic"}]),
            (
                "real-time",
                [{"VariantName": "AllTraffic", "CurrentInstanceCount": 0}, {"VariantName": "v-1-1-0"}],
            ),
        ],
    )
    def test_that_may_serve_without_instances_is_not_deleted(
        self, status: str, kind: str, variants: list[dict[str, Any]]
    ) -> None:
        """Serverless variants count none, asynchronous ones may have none: that says nothing."""
        execution = run(endpoint(status, "old", ProductionVariants=variants), plan={"kind": kind})
        assert failure(execution).error == "EndpointNeedsRepair"
        assert {"DeleteDead", "ClearEndpoint"}.isdisjoint(execution.calls)

    def test_without_any_instance_is_dead(self) -> None:
        """A real-time endpoint answers by its instances alone."""
        none = [{"VariantName": name, "CurrentInstanceCount": 0} for name in ("AllTraffic", "v-1-1-0")]
        broken = endpoint("UpdateRollbackFailed", "old", ProductionVariants=none)
        execution = run(broken, MISSING, NEW)
        assert "endpoint" in execution.start({"request": REQUEST})
        assert execution.calls["DeleteDead"]

    def test_by_our_update_that_still_serves_is_not_restored(self) -> None:
        """That is the error: nobody but people can say which part of it answers well."""
        execution = run(OLD, endpoint("UpdateRollbackFailed", "old", FailureReason="no capacity"))
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "its status is UpdateRollbackFailed. What led to this: EndpointNeedsRepair" in error.cause
        assert "ClearEndpoint" not in execution.calls

    @pytest.mark.parametrize(
        "dead",
        [
            endpoint("Failed", "old", FailureReason="no"),
            endpoint("UpdateRollbackFailed", "old", FailureReason="no", ProductionVariants=[]),
        ],
    )
    def test_by_our_update_is_made_anew(self, dead: Any) -> None:
        """Nothing serves any more: what served is put on a new endpoint of the same name."""
        execution = run(
            OLD, dead, dead, endpoint("Deleting", "old"), MISSING, endpoint("Creating", "old"), OLD
        )
        error = failure(execution)
        assert error.error in ("EndpointFailed", "EndpointNeedsRepair")
        assert execution.calls["ClearEndpoint"]
        assert execution.calls["Recreate"][0]["EndpointConfigName"] == "old"
        assert "RestoreFailed" not in execution.path


class TestWayBack:
    @pytest.mark.parametrize("state", ["RegisterTarget", "PutPolicy", "Smoke", "MoveAlias"])
    def test_what_served_before_is_put_back(self, state: str) -> None:
        """Whatever fails after the update: the endpoint goes back to the config that served, then fails."""
        execution = run(
            OLD,
            NEW,
            NEW,
            endpoint("Updating", "new"),
            OLD,
            **{state: fails("SmokeTestFailedError", '{"errorMessage": "500"}')},
        )
        error = failure(execution)
        assert (error.error, error.cause) == ("SmokeTestFailedError", '{"errorMessage": "500"}')
        assert execution.calls["Restore"] == [
            {
                "EndpointName": NAME,
                "EndpointConfigName": "old",
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [
                    {"VariantPropertyType": "DesiredWeight"},
                    {"VariantPropertyType": "DataCaptureConfig"},
                ],
            }
        ]
        assert execution.path[-2:] == ["ReleaseLeaseAfterFailure", "Failed"]

    def test_created_endpoint_that_answers_wrongly_is_deleted(self) -> None:
        """Nothing served before, so nothing shall; it is gone before the lease is given back."""
        execution = run(MISSING, NEW, NEW, endpoint("Deleting", "new"), MISSING, Smoke=NO_SMOKE)
        assert failure(execution).error == "SmokeTestFailedError"
        assert execution.path.index("DeleteCreated") < execution.path.index("TidyAfterFailure")

    def test_what_a_killed_promotion_put_there_gives_way_to_what_the_ledger_knows(self) -> None:
        """Its retry finds it in service; it does not answer, so the champion comes back."""
        execution = run(NEW, NEW, OLD, Smoke=NO_SMOKE)
        assert failure(execution).error == "SmokeTestFailedError"
        assert execution.calls["Restore"][0]["EndpointConfigName"] == "old"

    @pytest.mark.parametrize(
        ("state", "looks"),
        [
            ("DeleteDead", [endpoint("Failed", "older"), MISSING, NEW]),
            ("DeleteCreated", [MISSING, NEW, NEW, MISSING]),
        ],
    )
    def test_throttled_deletion_is_repeated(self, state: str, looks: list[Any]) -> None:
        """SageMaker has no error name for "Rate exceeded": it is tried again all the same."""
        throttled = StateFailedError("SageMaker.SageMakerException", "Rate exceeded")
        smoke = {} if state == "DeleteDead" else {"Smoke": NO_SMOKE}
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
        refused = fails("SageMaker.ResourceLimitExceededException", "no quota")
        error = failure(run(OLD, NEW, Smoke=NO_SMOKE, Restore=refused))
        assert error.error == "RestoreFailed"
        assert "could not be put back to config old" in error.cause
        assert "SmokeTestFailedError: 500" in error.cause

    def test_restore_is_tried_once(self) -> None:
        """An endpoint that goes back to the new config does not keep the machine for ever."""
        execution = run(OLD, NEW, Smoke=NO_SMOKE)
        assert failure(execution).error == "RestoreFailed"
        assert execution.path.count("Restore") == 1

    def test_nothing_is_restored_that_was_not_touched(self) -> None:
        """A failure before the update leaves the endpoint alone."""
        execution = run(PlanPromotion=fails("SupersededError", "another version serves"))
        assert failure(execution).error == "SupersededError"
        assert execution.path[-5:] == [
            "PlanPromotion",
            "MustItBeRestored",
            "IsThereToTidy",
            "ReleaseLeaseAfterFailure",
            "Failed",
        ]

    def test_refused_model_is_a_failure(self) -> None:
        """Another refusal than that it exists already is not ignored."""
        oci = fails("SageMaker.SageMakerException", "Unsupported manifest media type")
        assert "Unsupported manifest" in failure(run(OLD, CreateModel=oci)).cause

    def test_throttled_model_is_asked_for_again(self) -> None:
        """SageMaker makes a few in a second, no more."""
        throttled = StateFailedError("SageMaker.SageMakerException", "Rate exceeded")
        execution = run(
            OLD, NEW, CreateModel=answers(throttled, {}), CreateEndpointConfig=answers(throttled, {})
        )
        execution.start({"request": REQUEST})
        assert len(execution.calls["CreateModel"]) == len(execution.calls["CreateEndpointConfig"]) == 2

    def test_lost_notice_does_not_undo_the_promotion(self) -> None:
        """When only the telling fails, the ledger says that it serves: the endpoint stays."""
        execution = run(OLD, NEW, Tell=fails("EventBridge.AmazonEventBridgeException", "down"))
        assert failure(execution).error == "EventBridge.AmazonEventBridgeException"
        assert "LookBack" not in execution.path


class TestUnansweredLook:
    """It says nothing of the endpoint: the next one may."""

    @pytest.mark.parametrize("trouble", AWAY)
    def test_gives_up_no_update(self, trouble: StateFailedError) -> None:
        """Neither throttling nor an error of AWS's own undoes what goes on well."""
        execution = run(OLD, endpoint("Updating", "old"), trouble, trouble, NEW)
        assert "endpoint" in execution.start({"request": REQUEST})
        assert "LookBack" not in execution.path

    @pytest.mark.parametrize("trouble", AWAY)
    def test_gives_up_no_stop(self, trouble: StateFailedError) -> None:
        """Nor a deletion that goes on."""
        execution = run(OLD, trouble, MISSING, plan={"action": "stop", "endpoint_config_name": "old"})
        assert "endpoint" in execution.start({"request": REQUEST})

    def test_that_is_not_allowed_is_a_failure(self) -> None:
        """Waiting gives nobody a permission."""
        error = failure(run(OLD, DENIED, OLD))
        assert (error.error, error.cause) == (DENIED.error, DENIED.cause)

    @pytest.mark.parametrize("trouble", [*AWAY, DENIED])
    def test_does_not_leave_what_failed_in_service(self, trouble: StateFailedError) -> None:
        """The way back's first look is not answered: what served before is put back all the same."""
        execution = run(OLD, NEW, trouble, trouble, NEW, endpoint("Updating", "new"), OLD, Smoke=NO_SMOKE)
        assert failure(execution).error == "SmokeTestFailedError"
        assert execution.calls["Restore"][0]["EndpointConfigName"] == "old"

    @pytest.mark.parametrize("trouble", AWAY)
    def test_does_not_leave_what_serves_unscaled(self, trouble: StateFailedError) -> None:
        """Nor is a look given up that comes after the update back."""
        execution = run(OLD, NEW, NEW, trouble, trouble, OLD, Smoke=NO_SMOKE, **BEFORE)
        assert failure(execution).error == "SmokeTestFailedError"
        assert execution.calls["RegisterTargetAgain"]

    @pytest.mark.parametrize("trouble", [*AWAY, DENIED])
    def test_ends_some_time(self, trouble: StateFailedError) -> None:
        """Somebody must act then: the error says what kept the way back from looking."""
        error = failure(run(OLD, NEW, trouble, Smoke=NO_SMOKE))
        assert error.error == "RestoreFailed"
        assert f"its status is unknown ({trouble.cause})" in error.cause

    @pytest.mark.parametrize(
        ("state", "looks"),
        [
            ("Restore", [OLD, NEW, NEW, NEW, OLD]),
            ("DeleteCreated", [MISSING, NEW, NEW, NEW, MISSING]),
            ("ClearEndpoint", [OLD, FAILED, FAILED, FAILED, MISSING, OLD]),
            ("Recreate", [OLD, FAILED, FAILED, MISSING, MISSING, OLD]),
        ],
    )
    @pytest.mark.parametrize("trouble", AWAY)
    def test_of_a_write_on_the_way_back_is_asked_for_again(
        self, state: str, looks: list[Any], trouble: StateFailedError
    ) -> None:
        """Longer than a few retries take: no way back ends because AWS is busy."""
        execution = run(*looks, Smoke=NO_SMOKE, **{state: answers(*[trouble] * 5, {})})
        assert failure(execution).error in ("SmokeTestFailedError", "EndpointFailed")
        assert len(execution.calls[state]) == 6

    def test_of_what_was_asked_for_is_asked_for_again(self) -> None:
        """An update that AWS fails to take for a moment is not given up."""
        execution = run(OLD, NEW, UpdateEndpoint=answers(AWAY[1], AWAY[1], {}))
        assert "endpoint" in execution.start({"request": REQUEST})
