from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import names
from tests.fakes.promote_runs import (
    DEFINITION,
    IDENTITY,
    MISSING,
    REQUEST,
    THERE,
    endpoint,
    failure,
    promotion,
    run,
)
from tests.fakes.state_machine import answers, fails
from workbench.local.states.failures import StateFailedError

NAME = "slipway-dev-pricing-hotel-rates"


class TestPromotion:
    def test_first_version_creates_the_endpoint(self) -> None:
        """Where there is no endpoint, one is created, proved, recorded and told."""
        execution = run(MISSING, endpoint("Creating", "new"), endpoint("InService", "new"))
        document = execution.start({"request": REQUEST})
        assert document["endpoint"] == {
            "endpoint_name": NAME,
            "endpoint_arn": "arn:endpoint",
            "endpoint_config_name": "new",
            "action": "serve",
            "kind": "real-time",
            "layout": promotion()["layout"],
            "variant": names.VARIANT,
            "instance_type": "ml.m5.large",
            "instance_count": 1,
            "identity": IDENTITY,
            "smoke_status": "passed",
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
        """One in service is updated as planned: with its guardrails, keeping what autoscaling has set."""
        execution = run(
            endpoint("InService", "old"), endpoint("Updating", "old"), endpoint("InService", "new")
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"] == [
            {
                "EndpointName": NAME,
                "EndpointConfigName": "new",
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
                "DeploymentConfig": {"BlueGreenUpdatePolicy": {}},
            },
        ]

    def test_update_without_guardrails(self) -> None:
        """Where other variants come or go, or the kind has none, no DeploymentConfig is sent at all."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            plan={"deployment_config": None, "retain_variant_properties": False},
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"] == [
            {"EndpointName": NAME, "EndpointConfigName": "new", "RetainAllVariantProperties": False},
        ]

    @pytest.mark.parametrize(("running", "kept"), [(1, False), (2, True), (5, True)])
    def test_too_few_instances_are_not_kept(self, running: int, *, kept: bool) -> None:
        """A strategy by steps needs two: where one runs now, the new fleet begins as its config says."""
        variant = {"VariantName": names.VARIANT, "CurrentInstanceCount": running, "DesiredInstanceCount": 9}
        execution = run(
            endpoint("InService", "old", ProductionVariants=[variant]),
            endpoint("InService", "new"),
            plan={"fewest_retained": 2},
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"][0]["RetainAllVariantProperties"] is kept

    def test_nobody_is_kept_where_one_variant_has_none(self) -> None:
        """An asynchronous endpoint that was scaled to zero is not replaced by a fleet of none."""
        variant = {"VariantName": names.VARIANT, "CurrentInstanceCount": 0, "DesiredInstanceCount": 0}
        execution = run(
            endpoint("InService", "old", ProductionVariants=[variant]), endpoint("InService", "new")
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"][0]["RetainAllVariantProperties"] is False

    def test_everything_stands_before_the_endpoint_is_asked(self) -> None:
        """Models of all versions, the config, and the alarms that may roll back."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            plan={
                "model_requests": [{"ModelName": "new"}, {"ModelName": "champion"}],
                "alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}],
            },
        )
        execution.start({"request": REQUEST})
        made = [one for one in execution.path if one in ("CreateModel", "CreateEndpointConfig", "PutAlarm")]
        assert made == ["CreateModel", "CreateModel", "CreateEndpointConfig", "PutAlarm", "PutAlarm"]
        assert execution.path.index("UpdateEndpoint") > execution.path.index("PutAlarm")
        assert execution.calls["PutAlarm"] == [{"AlarmName": "a"}, {"AlarmName": "b"}]

    def test_order_of_proof(self) -> None:
        """The ledger is written after the endpoint has answered, and nobody is told before."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        assert [name for name in execution.path if name in execution.calls][-7:] == [
            "Smoke",
            "MoveAlias",
            "Tell",
            "MarkStages",
            "TagEndpoint",
            "Tidy",
            "ReleaseLease",
        ]

    def test_tags_name_what_serves_now(self) -> None:
        """Costs are reported by them; an endpoint that is updated keeps those of its creation else."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        assert execution.calls["TagEndpoint"] == [
            {"ResourceArn": "arn:endpoint", "Tags": [{"Key": "slipway:project", "Value": "pricing"}]}
        ]

    @pytest.mark.parametrize("state", ["MarkStages", "TagEndpoint", "Tidy"])
    def test_what_is_only_good_to_know_is_tried_again_and_fails_nothing(self, state: str) -> None:
        """Stages, tags and leftovers come when everybody knows that it serves."""
        down = StateFailedError(
            "SageMaker.SageMakerException" if state == "TagEndpoint" else "Lambda.Unknown", "down"
        )
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), **{state: answers(down, {})}
        )
        execution.start({"request": REQUEST})
        assert len(execution.calls[state]) == 2
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"), **{state: answers(down)})
        assert "endpoint" in execution.start({"request": REQUEST})
        assert execution.path[-2:] == ["ReleaseLease", "InService"]

    @pytest.mark.parametrize(
        "error", ["Lambda.Unknown", "Sandbox.Timedout", "ClientError", "ReadTimeoutError"]
    )
    def test_what_did_not_say_that_it_recorded_is_asked_again(self, error: str) -> None:
        """It may have; and it records nothing twice."""
        lost = StateFailedError(error, "Task timed out after 30.00 seconds")
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), MoveAlias=answers(lost, lost, {})
        )
        assert "endpoint" in execution.start({"request": REQUEST})
        assert "LookBack" not in execution.path

    @pytest.mark.parametrize("error", ["LeaseLostError", "AliasMovedError"])
    def test_ledger_that_says_no_is_not_asked_again(self, error: str) -> None:
        """The answer would be the same."""
        looks = [endpoint("InService", config) for config in ("old", "new", "new", "old")]
        execution = run(*looks, MoveAlias=fails(error, "no"))
        assert failure(execution).error == error
        assert len(execution.calls["MoveAlias"]) == 1

    def test_document_has_the_contract_s_keys(self) -> None:
        """The execution ends with request, lease, promotion, smoke and endpoint."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        document = execution.start({"request": REQUEST})
        assert list(document) == ["request", "lease", "promotion", "smoke", "endpoint"]
        assert document["lease"] == {"owner": "arn:execution", "fence": 4}

    def test_what_is_already_there_is_used(self) -> None:
        """A rollback finds model and config of an earlier promotion."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            CreateModel=answers(THERE),
            CreateEndpointConfig=answers(THERE),
        )
        execution.start({"request": REQUEST})
        assert {"IsTheModelThere", "IsTheConfigThere"} <= set(execution.path)

    def test_busy_endpoint_is_waited_for(self) -> None:
        """An update by somebody else, or by SageMaker itself, ends before ours begins."""
        execution = run(
            endpoint("SystemUpdating", "old"),
            endpoint("RollingBack", "old"),
            endpoint("InService", "old"),
            endpoint("InService", "new"),
        )
        execution.start({"request": REQUEST})
        assert execution.variables["served"] == "old"

    def test_endpoint_that_became_busy_meanwhile_is_waited_for(self) -> None:
        """Between our look and our update somebody else's began: ours follows it."""
        busy = StateFailedError("SageMaker.SageMakerException", "Cannot update in-progress endpoint")
        execution = run(
            endpoint("InService", "old"),
            endpoint("SystemUpdating", "old"),
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            UpdateEndpoint=answers(busy, {}),
        )
        execution.start({"request": REQUEST})
        assert len(execution.calls["UpdateEndpoint"]) == 2

    def test_config_that_is_not_seen_yet_is_asked_for_again(self) -> None:
        """SageMaker reads what was just made as it spreads."""
        unseen = StateFailedError("SageMaker.SageMakerException", "Could not find endpoint configuration")
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), UpdateEndpoint=answers(unseen, {})
        )
        execution.start({"request": REQUEST})
        assert len(execution.calls["UpdateEndpoint"]) == 2

    def test_wanted_config_in_service_is_not_updated(self) -> None:
        """Promoting what already serves proves it again and changes nothing."""
        execution = run(endpoint("InService", "new"), plan={"believed_config": "new"})
        execution.start({"request": REQUEST})
        assert "UpdateEndpoint" not in execution.calls

    @pytest.mark.parametrize(
        "dead",
        [
            endpoint("Failed", "older"),
            endpoint("UpdateRollbackFailed", "older", ProductionVariants=[]),
            endpoint("OutOfService", "older", ProductionVariants=[]),
        ],
    )
    def test_dead_endpoint_is_replaced(self, dead: Any) -> None:
        """One on which nothing serves, and that can't be updated, is deleted and created."""
        execution = run(dead, endpoint("Deleting", "older"), MISSING, endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        writes = [name for name in execution.path if name in ("DeleteDead", "CreateEndpoint")]
        assert writes == ["DeleteDead", "CreateEndpoint"]

    @pytest.mark.parametrize(
        ("action", "kind"),
        [("serve", "Endpoint In Service"), ("beside", "Endpoint Changed"), ("remove", "Endpoint Changed")],
    )
    def test_what_is_told(self, action: str, kind: str) -> None:
        """Of a new champion as before, of all else by an event of its own, with the layout."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"), plan={"action": action})
        execution.start({"request": REQUEST})
        (entry,) = execution.calls["Tell"][0]["Entries"]
        assert entry["DetailType"] == kind
        assert entry["Detail"]["endpoint"]["layout"] == promotion()["layout"]


class TestCapacity:
    """AWS has no instances of the type at the moment."""

    NONE = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."

    def test_is_asked_for_again(self) -> None:
        """Some come back within minutes."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "old", FailureReason=self.NONE),
            endpoint("InService", "new"),
        )
        execution.start({"request": REQUEST})
        assert execution.path.count("WaitForCapacity") == 1
        assert len(execution.calls["UpdateEndpoint"]) == 2

    def test_for_a_first_version_is_asked_for_again(self) -> None:
        """An endpoint that failed for it is deleted and created anew."""
        execution = run(
            MISSING,
            endpoint("Failed", "new", FailureReason=self.NONE, ProductionVariants=[]),
            endpoint("Deleting", "new"),
            MISSING,
            endpoint("InService", "new"),
        )
        execution.start({"request": REQUEST})
        assert len(execution.calls["CreateEndpoint"]) == 2

    def test_is_told_in_the_end(self) -> None:
        """After some tries people have to say what to do; what served serves."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "old", FailureReason=self.NONE))
        error = failure(execution)
        assert error.error == "CapacityError"
        assert "AWS had no instances in 4 tries: Unable to provision" in error.cause
        assert len(execution.calls["UpdateEndpoint"]) == 4


class TestDrift:
    """Somebody changed the endpoint by hand."""

    def test_is_refused(self) -> None:
        """A config that neither the ledger knows nor a promotion asked for is not overwritten."""
        execution = run(endpoint("InService", "by-hand"))
        error = failure(execution)
        assert error.error == "EndpointDriftedError"
        assert error.cause == (
            f"endpoint {NAME} serves config by-hand, which no promotion asked for (the ledger knows old); "
            "it was left alone"
        )
        assert {"CreateModel", "PutAlarm", "UpdateEndpoint", "Restore"}.isdisjoint(execution.calls)

    def test_is_overwritten_by_name(self) -> None:
        """Who says which config may go has seen it."""
        execution = run(endpoint("InService", "by-hand"), endpoint("InService", "new"))
        execution.start({"request": REQUEST | {"accept_drift": "by-hand"}})
        assert execution.calls["UpdateEndpoint"]

    def test_other_drift_than_the_accepted_one_is_refused(self) -> None:
        """It was changed once more since somebody looked."""
        execution = run(endpoint("InService", "by-hand-2"))
        with pytest.raises(StateFailedError, match="EndpointDriftedError"):
            execution.start({"request": REQUEST | {"accept_drift": "by-hand"}})

    def test_what_a_killed_promotion_left_is_none(self) -> None:
        """The lease says what promotions asked for."""
        taken = {"fence": {"N": "5"}, "asked": {"SS": ["killed"]}}
        execution = run(
            endpoint("InService", "killed"),
            endpoint("InService", "new"),
            TakeLease=answers({"Attributes": taken}),
        )
        execution.start({"request": REQUEST})
        assert execution.variables["served"] == "killed"

    def test_ledger_that_knows_nothing_believes_what_it_sees(self) -> None:
        """Before the first promotion of this platform something may serve already."""
        execution = run(
            endpoint("InService", "found"), endpoint("InService", "new"), plan={"believed_config": None}
        )
        execution.start({"request": REQUEST})
        assert execution.calls["UpdateEndpoint"]

    def test_while_it_is_promoted_is_left_alone(self) -> None:
        """Neither the new config nor the old one serves when the update is over: nothing is put back."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "by-hand"))
        assert failure(execution).error == "EndpointDriftedError"
        assert {"LookBack", "Restore"}.isdisjoint(execution.path)


class TestStop:
    PLAN = {  # noqa: RUF012 - a plan that no test changes
        "action": "stop",
        "layout": [],
        "model_requests": [],
        "alarms": [],
        "scaling_targets": [],
        "endpoint_config_name": "old",
    }

    def test_deletes_endpoint_and_targets(self) -> None:
        """What served is recorded, told and tidied up; nothing is created on the way."""
        execution = run(endpoint("InService", "old"), endpoint("Deleting", "old"), MISSING, plan=self.PLAN)
        document = execution.start({"request": REQUEST})
        assert [name for name in execution.path if name in execution.calls] == [
            "TakeLease",
            "PlanPromotion",
            "LookToStop",
            "MayWeStop",
            "DeleteEndpoint",
            "LookToStop",
            "LookToStop",
            "DropStoppedTarget",
            "MoveAlias",
            "Tell",
            "Tidy",
            "ReleaseLease",
        ]
        assert document["endpoint"]["action"] == "stop"
        assert "endpoint_arn" not in document["endpoint"]

    def test_waits_until_it_may_be_deleted(self) -> None:
        """SageMaker deletes none that is changing."""
        execution = run(endpoint("Updating", "old"), endpoint("InService", "old"), MISSING, plan=self.PLAN)
        execution.start({"request": REQUEST})
        assert len(execution.calls["DeleteEndpoint"]) == 1

    @pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed", "OutOfService"])
    def test_deletes_what_takes_no_update(self, status: str) -> None:
        """That is the way out which doctor and runbook name, whatever config it is left with."""
        execution = run(endpoint(status, "mixed"), endpoint("Deleting", "mixed"), MISSING, plan=self.PLAN)
        assert execution.start({"request": REQUEST})["endpoint"]["action"] == "stop"
        assert len(execution.calls["DeleteEndpoint"]) == 1

    def test_leaves_alone_what_somebody_set_by_hand(self) -> None:
        """Nobody can get that back: who stops it names it."""
        execution = run(endpoint("InService", "by-hand"), plan=self.PLAN)
        assert failure(execution).error == "EndpointDriftedError"
        assert "DeleteEndpoint" not in execution.calls

    def test_of_what_is_gone_already(self) -> None:
        """A retry, or somebody deleted it by hand: its targets go and the ledger says so."""
        execution = run(MISSING, plan=self.PLAN)
        execution.start({"request": REQUEST})
        assert "DeleteEndpoint" not in execution.calls
        assert execution.calls["DropStoppedTarget"]

    def test_that_is_refused_changes_nothing(self) -> None:
        """It serves on, scaled as it was."""
        execution = run(
            endpoint("InService", "old"), plan=self.PLAN, DeleteEndpoint=fails("SageMaker.SageMakerException")
        )
        assert failure(execution).error == "SageMaker.SageMakerException"
        assert {"DropStoppedTarget", "LookBack", "MoveAlias"}.isdisjoint(execution.path)


class TestStates:
    def test_every_way_out_of_a_task_is_caught(self) -> None:
        """No task ends the execution before the lease was given back, but the one that takes it."""
        tasks = {name for name, state in DEFINITION["States"].items() if state["Type"] in ("Task", "Map")}
        caught = {name for name in tasks if "Catch" in DEFINITION["States"][name]}
        assert tasks - caught == {"TakeLease"}
