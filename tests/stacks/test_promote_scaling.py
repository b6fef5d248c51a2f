from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.promote_runs import (
    DEFINITION,
    DIMENSION,
    MISSING,
    NIGHT,
    NONE_REGISTERED,
    REQUEST,
    RESOURCE,
    SCALED_BEFORE,
    SCALING,
    TRACKING,
    config_on,
    endpoint,
    failure,
    run,
)
from tests.fakes.state_machine import answers, fails, task_states
from workbench.local.states.failures import StateFailedError

TARGET = {"ServiceNamespace": "sagemaker", "ResourceId": RESOURCE, "ScalableDimension": DIMENSION}
BEFORE = {name: answers(answer) for name, answer in SCALED_BEFORE.items()}
OLD, NEW = endpoint("InService", "old"), endpoint("InService", "new")
STEP_ALARM = {"AlarmName": "from-zero", "MetricName": "HasBacklogWithoutCapacity", "Threshold": 1.0}


def scaled(state: str) -> bool:
    return state.startswith(("Drop", "Clear", "Register", "Put")) and not state.endswith("Gone")


class TestScaling:
    def test_target_stays_where_the_instance_type_does(self) -> None:
        """It keeps what autoscaling has set; after the update it is as the new manifest says."""
        execution = run(OLD, NEW, **BEFORE)
        execution.start({"request": REQUEST})
        assert "DropTarget" not in execution.calls
        (registered,) = execution.calls["RegisterTarget"]
        assert registered == TARGET | {"MinCapacity": 1, "MaxCapacity": 2}
        assert execution.calls["PutPolicy"] == [TARGET | SCALING["policies"][0]]

    def test_target_goes_before_its_instance_type_changes(self) -> None:
        """SageMaker refuses the update of a target else."""
        execution = run(OLD, NEW, **BEFORE, LookAtServedConfig=config_on("ml.m5.xlarge"))
        execution.start({"request": REQUEST})
        order = [one for one in execution.path if one in ("DropTarget", "UpdateEndpoint", "RegisterTarget")]
        assert order == ["DropTarget", "UpdateEndpoint", "RegisterTarget"]
        assert execution.calls["DropTarget"] == [TARGET]

    def test_target_goes_before_its_variant_does(self) -> None:
        """Of a version that leaves the endpoint."""
        leaving = f"endpoint/{RESOURCE.split('/')[1]}/variant/v-1-0-0"
        targets = [
            *SCALED_BEFORE["LookAtScaling"]["ScalableTargets"],
            SCALED_BEFORE["LookAtScaling"]["ScalableTargets"][0] | {"ResourceId": leaving},
        ]
        execution = run(OLD, NEW, **BEFORE | {"LookAtScaling": answers({"ScalableTargets": targets})})
        execution.start({"request": REQUEST})
        assert execution.calls["DropTarget"] == [TARGET | {"ResourceId": leaving}]

    def test_of_a_config_that_nobody_knows_every_target_goes(self) -> None:
        """Somebody deleted it: its instance types can't be compared."""
        execution = run(OLD, NEW, **BEFORE, LookAtServedConfig=fails("SageMaker.SageMakerException", "gone"))
        execution.start({"request": REQUEST})
        assert execution.calls["DropTarget"] == [TARGET]

    def test_every_variant_is_looked_at(self) -> None:
        """Those that stand there, and those that are to."""
        variants = [{"VariantName": name, "CurrentInstanceCount": 1} for name in ("AllTraffic", "v-1-0-0")]
        execution = run(endpoint("InService", "old", ProductionVariants=variants), NEW)
        execution.start({"request": REQUEST})
        assert execution.calls["LookAtScaling"][0]["ResourceIds"] == [
            RESOURCE,
            RESOURCE.replace("AllTraffic", "v-1-0-0"),
        ]

    def test_what_the_new_layout_does_not_ask_for_goes(self) -> None:
        """A manifest without autoscaling ends that of its predecessor."""
        execution = run(OLD, NEW, **BEFORE, plan={"scaling_targets": []})
        execution.start({"request": REQUEST})
        assert [one for one in execution.path if scaled(one)][-3:] == [
            "DropScaling",
            "ClearScaling",
            "ClearTarget",
        ]

    def test_other_policies_and_schedules_go(self) -> None:
        """Two would pull at one variant: a target that has others than planned is registered anew."""
        execution = run(OLD, NEW, **BEFORE)
        execution.start({"request": REQUEST})
        assert execution.path.index("ClearTarget") < execution.path.index("RegisterTarget")

    def test_target_that_is_as_planned_is_not_taken_away(self) -> None:
        """Not even for a moment."""
        same = {"PolicyName": "requests", "PolicyType": "TargetTrackingScaling"}
        tasks = BEFORE | {
            "LookAtPolicies": answers({"ScalingPolicies": [same]}),
            "LookAtSchedules": answers({"ScheduledActions": []}),
        }
        execution = run(OLD, NEW, **tasks)
        execution.start({"request": REQUEST})
        assert {"DropTarget", "ClearTarget"}.isdisjoint(execution.calls)

    def test_schedules_and_step_alarms_are_set(self) -> None:
        """An alarm of step scaling acts by the ARN that its policy was just given."""
        step = {"PolicyName": "from-zero", "PolicyType": "StepScaling"}
        target = SCALING | {"policies": [step], "schedules": [NIGHT], "step_alarms": [STEP_ALARM]}
        execution = run(OLD, NEW, plan={"scaling_targets": [target]})
        execution.start({"request": REQUEST})
        assert execution.calls["PutStepAlarm"] == [STEP_ALARM | {"AlarmActions": ["arn:put"]}]
        assert execution.calls["PutSchedule"] == [TARGET | NIGHT]

    def test_target_that_is_gone_already_is_no_failure(self) -> None:
        """Somebody else was faster."""
        execution = run(
            OLD,
            NEW,
            **BEFORE,
            LookAtServedConfig=config_on("ml.m5.xlarge"),
            DropTarget=answers(NONE_REGISTERED),
            ClearTarget=answers(NONE_REGISTERED),
        )
        assert "endpoint" in execution.start({"request": REQUEST})


class TestThrottled:
    """Application Auto Scaling has no error of its own for it."""

    BUSY = StateFailedError(
        "ApplicationAutoScaling.ApplicationAutoScalingException",
        "Rate exceeded (Service: ApplicationAutoScaling, Status Code: 400, Request ID: 1)",
    )

    @pytest.mark.parametrize(
        "state",
        ["LookAtScaling", "LookAtPolicies", "LookAtSchedules", "DropTarget", "ClearTarget", "RegisterTarget"],
    )
    def test_does_not_undo_a_good_promotion(self, state: str) -> None:
        """What is healthy and in service stays: the call is made again, and again."""
        done = BEFORE.get(state, answers({}))({})
        tasks = BEFORE | {"LookAtServedConfig": config_on("ml.m5.xlarge")}
        execution = run(OLD, NEW, **tasks | {state: answers(*[self.BUSY] * 6, done)})
        assert "endpoint" in execution.start({"request": REQUEST})

    def test_leaves_nothing_unscaled(self) -> None:
        """Nor is the way back given up."""
        execution = run(OLD, OLD, **BEFORE, RegisterTargetAgain=answers(*[self.BUSY] * 6, {}))
        assert failure(execution).error == "RolledBack"

    def test_calls_come_back_one_by_one(self) -> None:
        """Who is throttled together does not come back together."""
        tried = [
            retrier
            for _, state in task_states(DEFINITION)
            if ":applicationautoscaling:" in state["Resource"]
            for retrier in state["Retry"]
            if self.BUSY.error in retrier["ErrorEquals"]
        ]
        assert tried
        assert {one["JitterStrategy"] for one in tried} == {"FULL"}


class TestDrift:
    """Somebody set another config by hand while the update went on."""

    BY_HAND = endpoint("InService", "by-hand")

    def test_is_scaled_as_before(self) -> None:
        """The config is theirs; the targets that went for the update come back."""
        execution = run(OLD, self.BY_HAND, **BEFORE, LookAtServedConfig=config_on("ml.m5.xlarge"))
        assert failure(execution).error == "EndpointDriftedError"
        assert execution.calls["RegisterTargetAgain"]
        assert "Restore" not in execution.calls

    def test_that_cannot_be_scaled_says_so(self) -> None:
        """Its variants may be others."""
        refused = fails("ApplicationAutoScaling.ValidationException", "no such variant")
        execution = run(OLD, self.BY_HAND, **BEFORE, RegisterTargetAgain=refused)
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "serves config by-hand, but is no longer scaled" in error.cause
        assert "no such variant. What led to this: EndpointDriftedError" in error.cause

    def test_before_the_update_touches_no_target(self) -> None:
        """Nothing was taken away."""
        execution = run(self.BY_HAND, **BEFORE)
        assert failure(execution).error == "EndpointDriftedError"
        assert not [one for one in execution.path if scaled(one)]


class TestWayBack:
    @pytest.mark.parametrize(
        ("looks", "tasks"),
        [
            pytest.param(
                [OLD, NEW, NEW, OLD], {"Smoke": fails("SmokeTestFailedError", "500")}, id="restored"
            ),
            pytest.param([OLD, OLD, OLD], {}, id="rolled back"),
            pytest.param(
                [OLD, OLD], {"UpdateEndpoint": fails("SageMaker.SageMakerException", "no")}, id="refused"
            ),
        ],
    )
    def test_scaled_as_before(self, looks: list[Any], tasks: dict[str, Any]) -> None:
        """What serves again has the limits, policies and schedules that it had, suspended or not."""
        execution = run(*looks, **BEFORE, **tasks)
        failure(execution)
        assert execution.calls["RegisterTargetAgain"] == [
            TARGET
            | {"MinCapacity": 2, "MaxCapacity": 7, "SuspendedState": {"ScheduledScalingSuspended": True}}
        ]
        assert execution.calls["PutPolicyAgain"] == [
            TARGET
            | {
                "PolicyName": "invocations",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": TRACKING,
            }
        ]
        assert execution.calls["PutScheduleAgain"] == [TARGET | NIGHT]

    def test_step_scaling_comes_back_with_its_alarm(self) -> None:
        """A policy that is made again has another ARN: the alarm is told."""
        policy = {
            "PolicyName": "from-zero",
            "PolicyType": "StepScaling",
            "StepScalingPolicyConfiguration": {"Cooldown": 60},
            "Alarms": [{"AlarmName": "from-zero"}],
        }
        described = STEP_ALARM | {"AlarmArn": "arn:alarm", "StateValue": "OK", "AlarmActions": ["arn:gone"]}
        tasks = BEFORE | {
            "LookAtPolicies": answers({"ScalingPolicies": [policy]}),
            "LookAtStepAlarms": answers({"MetricAlarms": [described]}),
        }
        execution = run(OLD, OLD, **tasks)
        failure(execution)
        assert execution.calls["PutStepAlarmAgain"] == [STEP_ALARM | {"AlarmActions": ["arn:put-again"]}]

    def test_targets_go_before_it(self) -> None:
        """The way back may change the instance type, too."""
        execution = run(OLD, NEW, NEW, OLD, Smoke=fails("SmokeTestFailedError", "500"))
        failure(execution)
        assert execution.path.index("DropBeforeRestore") < execution.path.index("Restore")
        assert "RegisterTargetAgain" not in execution.calls

    def test_that_ends_unscaled_says_so(self) -> None:
        """Somebody must act: it serves, with as many instances as it has."""
        execution = run(
            OLD,
            OLD,
            **BEFORE,
            RegisterTargetAgain=fails("ApplicationAutoScaling.LimitExceededException", "too many"),
        )
        error = failure(execution)
        assert error.error == "RestoreFailed"
        assert "serves what it served before, config old, but is no longer scaled" in error.cause
        assert "LimitExceededException: too many. What led to this: RolledBack" in error.cause

    def test_created_endpoint_leaves_no_target(self) -> None:
        """One that is deleted again takes its target along."""
        execution = run(
            MISSING,
            NEW,
            NEW,
            endpoint("Deleting", "new"),
            MISSING,
            Smoke=fails("SmokeTestFailedError", "500"),
        )
        failure(execution)
        assert execution.path.index("DropBeforeDeletion") < execution.path.index("DeleteCreated")

    def test_what_a_killed_promotion_remembered_counts(self) -> None:
        """It had taken the target away already: the lease says how it was."""
        remembered = (
            '[{"resource_id": "' + RESOURCE + '", "dimension": "' + DIMENSION + '", "min_capacity": 3, '
            '"max_capacity": 9, "policies": [], "schedules": [], "step_alarms": []}]'
        )
        taken = {"Attributes": {"fence": {"N": "5"}, "scaled": {"S": remembered}}}
        execution = run(OLD, OLD, TakeLease=answers(taken))
        failure(execution)
        assert execution.calls["RegisterTargetAgain"][0]["MaxCapacity"] == 9
