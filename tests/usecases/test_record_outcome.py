from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from slipway.contracts.events import RELEASE_FAILED
from slipway.domain.timestamps import moment_of
from slipway.usecases.record_outcome import OutcomeRecording
from slipway.usecases.sweep_executions import sweep_executions
from tests.fakes.events import FakeEvents
from tests.fakes.executions import FakeExecutions
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, PROMOTE_MACHINE, RELEASE_MACHINE, a_plan, a_promotion_request, a_version
from tests.fakes.steps import FakeSteps

R = "9f2c41d07b3a55e1"
ENDPOINT = "slipway-prod-pricing-hotel-rates"
TRAINING_FAILED = [
    {"id": 3, "previousEventId": 2, "type": "ExecutionFailed", "executionFailedEventDetails": {"error": "E"}},
    {
        "id": 2,
        "previousEventId": 1,
        "type": "TaskFailed",
        "taskFailedEventDetails": {
            "error": "E",
            "cause": json.dumps({"TrainingJobName": "job", "FailureReason": "AlgorithmError: no rooms"}),
        },
    },
    {
        "id": 1,
        "previousEventId": 0,
        "type": "TaskStateEntered",
        "stateEnteredEventDetails": {"name": "Train"},
    },
]


class Yard:
    """One release that runs."""

    def __init__(self) -> None:
        self.ledger, self.executions, self.events = FakeLedger(), FakeExecutions(), FakeEvents()
        self.steps = FakeSteps()
        self.now = moment_of("2026-11-22T04:00:01.000Z")
        self.recording = OutcomeRecording(
            executions=self.executions,
            ledger=self.ledger,
            steps=self.steps,
            events=self.events,
            clock=lambda: self.now,
            promote_machine_arn=PROMOTE_MACHINE,
            resource_prefix="slipway-prod",
        )
        plan = a_plan()
        started = self.executions.start(RELEASE_MACHINE, R, json.dumps({"plan": plan}))
        self.arn = started.arn
        subject = {name: plan[name] for name in ("release_id", "project", "model", "version", "planned_at")}
        self.ledger.claim_release({**subject, "status": "running", "reason": "", "execution_arn": self.arn})
        self.ledger.put_version(a_version())

    def later(self, **span: float) -> Yard:
        self.now += timedelta(**span)
        return self

    def record(self, arn: str = "") -> str:
        return self.recording.record_outcome(arn or self.arn)

    @property
    def release(self) -> Any:
        return self.ledger.releases[R]

    @property
    def version(self) -> Any:
        return self.ledger.version("pricing", "hotel-rates", "1.1.0")


@pytest.fixture
def yard() -> Yard:
    return Yard()


class TestReleases:
    @pytest.mark.parametrize(
        ("output", "status", "approval"),
        [
            (
                {"approval": {"decision": "approved"}, "endpoint": {"endpoint_name": "x"}},
                "deployed",
                "pending",
            ),
            ({"verdict": {"accepted": False, "summary": "mae is 61"}}, "not-accepted", "abandoned"),
            (
                {"approval": {"decision": "rejected", "approver": "ana", "reason": "no"}},
                "rejected",
                "rejected",
            ),
            ({"approval": {"decision": "expired"}}, "expired", "expired"),
        ],
    )
    def test_ends_that_are_no_failure(self, yard: Yard, output: Any, status: str, approval: str) -> None:
        """A document that says so is a good end: it is recorded, and nobody is told of a failure."""
        yard.executions.end(yard.arn, "SUCCEEDED", output=output)

        assert yard.record() == status
        assert yard.release["status"] == status
        assert yard.version["approval"] == approval
        assert yard.events.emitted == []

    def test_what_was_judged_is_kept(self, yard: Yard) -> None:
        """An experiment that was not accepted is found by its metrics as well."""
        verdict = {"accepted": False, "summary": "mae is 61", "challenger": {"mae": 61.0}}
        yard.executions.end(yard.arn, "SUCCEEDED", output={"verdict": verdict})
        yard.record()

        assert yard.release["metrics"] == {"mae": 61.0}

    def test_reason_of_a_rejection(self, yard: Yard) -> None:
        """Who rejected, and why, stands in the release."""
        approval = {"decision": "rejected", "approver": "ana@example.com", "reason": "weak on weekends"}
        yard.executions.end(yard.arn, "SUCCEEDED", output={"approval": approval})
        yard.record()

        assert yard.release["reason"] == "ana@example.com: weak on weekends"

    def test_failure_is_explained_and_told_once(self, yard: Yard) -> None:
        """Step, cause, log and next action are recorded and told; a second delivery tells nothing."""
        yard.executions.end(yard.arn, "FAILED", error="E", cause="{}")
        yard.executions.histories[yard.arn] = TRAINING_FAILED

        assert (yard.record(), yard.record()) == ("failed", "")

        (told,) = yard.events.of(RELEASE_FAILED)
        assert yard.release["failure"]["cause"] == "AlgorithmError: no rooms"
        assert (told["release_id"], told["step"], told["error"]) == (R, "Train", "AlgorithmError")
        assert (told["project"], told["model"], told["version"]) == ("pricing", "hotel-rates", "1.1.0")
        assert told["execution_arn"] == yard.arn
        assert told["next_action"]

    def test_failure_that_the_event_bus_did_not_take(self, yard: Yard) -> None:
        """A retry finds the failure recorded and not told: it tells, and the next one does not."""
        yard.executions.end(yard.arn, "FAILED", error="E")
        yard.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            yard.record()
        assert yard.release["status"] == "failed"
        yard.events.trouble = None

        yard.later(minutes=1)
        assert (yard.record(), yard.record()) == ("", "")

        assert len(yard.events.of(RELEASE_FAILED)) == 1

    def test_two_deliveries_at_once(self, yard: Yard) -> None:
        """Whoever comes upon a failure that another is telling of leaves it to that one."""
        yard.executions.end(yard.arn, "FAILED", error="E")
        yard.record()
        del yard.release["told_at"]

        yard.record()

        assert len(yard.events.of(RELEASE_FAILED)) == 1

    def test_version_of_a_failed_release_is_free_again(self, yard: Yard) -> None:
        """A version that still waited for approval when its release failed does not count."""
        yard.executions.end(yard.arn, "FAILED", error="E")
        yard.record()

        assert yard.version["approval"] == "abandoned"

    @pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
    def test_approval_of_an_ended_release_is_closed(self, yard: Yard, status: Any) -> None:
        """Nobody can approve any more what nobody would promote, and no sweep looks at it again."""
        yard.ledger.put_approval({"release_id": R, "status": "pending", "settled": False, "task_token": "t"})
        yard.executions.end(yard.arn, status)
        yard.record()

        record = yard.ledger.get_approval(R)
        assert (record["status"], record["settled"], record["undeliverable"]) == ("expired", True, True)
        assert yard.ledger.approval_token(R) == ""

    def test_approval_that_was_decided_stays(self, yard: Yard) -> None:
        """A promotion that failed does not undo its approval."""
        yard.ledger.put_approval({"release_id": R, "status": "approved", "settled": True})
        yard.executions.end(yard.arn, "FAILED", error="E")
        yard.record()

        assert yard.ledger.get_approval(R)["status"] == "approved"

    def test_stopped(self, yard: Yard) -> None:
        """Stopping is no failure; the reason that was given is kept."""
        yard.executions.end(yard.arn, "ABORTED", cause="wrong data")

        assert yard.record() == "stopped"
        assert yard.release["reason"] == "wrong data"
        assert yard.events.emitted == []

    def test_timed_out(self, yard: Yard) -> None:
        """A release that took too long failed."""
        yard.executions.end(yard.arn, "TIMED_OUT")

        assert yard.record() == "failed"
        assert yard.release["failure"]["error"] == "States.Timeout"

    def test_retried_and_failed_again(self, yard: Yard) -> None:
        """Each failure of a retried release is told; in between it runs."""
        yard.executions.end(yard.arn, "FAILED", error="E", at="2026-11-22T04:00:00.000Z")
        yard.record()
        yard.executions.redrive(yard.arn, at="2026-11-22T04:30:00.000Z")
        assert (yard.record(), yard.release["status"]) == ("running", "running")
        yard.executions.end(yard.arn, "FAILED", error="E", at="2026-11-22T05:00:00.000Z")

        assert yard.record() == "failed"
        assert len(yard.events.of(RELEASE_FAILED)) == 2

    def test_running_is_nothing_to_record(self, yard: Yard) -> None:
        """The event of the start changes nothing."""
        assert yard.record() == ""
        assert yard.release["status"] == "running"

    def test_failure_inside_the_promotion(self, yard: Yard) -> None:
        """A release that failed in its promotion names the promotion's own step."""
        promotion = yard.executions.start(
            PROMOTE_MACHINE, "p", json.dumps({"request": a_promotion_request()})
        ).arn
        yard.executions.end(promotion, "FAILED", error="RolledBack", cause="back to the old config")
        yard.executions.histories[promotion] = [
            {
                "id": 2,
                "previousEventId": 1,
                "type": "ExecutionFailed",
                "executionFailedEventDetails": {"error": "RolledBack", "cause": "back to the old config"},
            },
            {"id": 1, "type": "PassStateEntered", "stateEnteredEventDetails": {"name": "RolledBack"}},
        ]
        cause = json.dumps(
            {"ExecutionArn": promotion, "Status": "FAILED", "Error": "RolledBack", "Cause": "x"}
        )
        yard.executions.end(yard.arn, "FAILED", error="States.TaskFailed", cause=cause)
        yard.executions.histories[yard.arn] = [
            {
                "id": 2,
                "previousEventId": 1,
                "type": "TaskFailed",
                "taskFailedEventDetails": {"error": "States.TaskFailed", "cause": cause},
            },
            {"id": 1, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Promote"}},
        ]

        assert yard.record(promotion) == ""  # its release tells of it
        assert yard.record() == "failed"
        assert yard.release["failure"]["step"] == "RolledBack"
        assert yard.release["failure"]["cause"] == "back to the old config"
        assert "Endpoints" in yard.release["failure"]["log_url"]


class TestPromotions:
    def test_rollback_that_failed(self, yard: Yard) -> None:
        """A promotion of its own that fails is recorded and told once; its release stays as it was."""
        request = a_promotion_request(cause="rollback")
        arn = yard.executions.start(PROMOTE_MACHINE, "p", json.dumps({"request": request})).arn
        yard.executions.end(arn, "FAILED", error="RolledBack", cause="x")

        assert (yard.record(arn), yard.record(arn)) == ("failed", "")
        assert len(yard.events.of(RELEASE_FAILED)) == 1
        assert yard.release["status"] == "running"
        assert yard.ledger.promotions("pricing", "hotel-rates")[0]["failure"]["error"] == "RolledBack"

    def test_failure_that_the_event_bus_did_not_take(self, yard: Yard) -> None:
        """A retry finds the failed promotion recorded and not told: it tells, and the next one does not."""
        request = a_promotion_request(cause="rollback")
        arn = yard.executions.start(PROMOTE_MACHINE, "p", json.dumps({"request": request})).arn
        yard.executions.end(arn, "FAILED", error="RolledBack", cause="x")
        yard.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            yard.record(arn)
        yard.events.trouble = None

        yard.later(minutes=1)
        assert (yard.record(arn), yard.record(arn)) == ("", "")

        assert len(yard.events.of(RELEASE_FAILED)) == 1

    def test_promotion_that_deployed(self, yard: Yard) -> None:
        """A good promotion is kept as well."""
        request = a_promotion_request(cause="promote")
        arn = yard.executions.start(PROMOTE_MACHINE, "p", json.dumps({"request": request})).arn
        yard.executions.end(arn, "SUCCEEDED")

        assert yard.record(arn) == "deployed"
        assert yard.events.emitted == []

    @pytest.mark.parametrize("cause", ["approval", "promote", "rollback"])
    @pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "SUCCEEDED"])
    def test_lease_is_given_back(self, yard: Yard, cause: str, status: str) -> None:
        """Whoever ended a promotion, and however: the next one need not wait for its lease to run out."""
        request = a_promotion_request(cause=cause)
        arn = yard.executions.start(PROMOTE_MACHINE, "p", json.dumps({"request": request})).arn
        yard.ledger.leases[ENDPOINT] = arn
        yard.executions.end(arn, status)
        yard.record(arn)

        assert yard.ledger.leases == {}

    def test_lease_of_another_promotion_stays(self, yard: Yard) -> None:
        """The event of an end may come late, when the next promotion has begun."""
        request = a_promotion_request(cause="promote")
        arn = yard.executions.start(PROMOTE_MACHINE, "p", json.dumps({"request": request})).arn
        yard.ledger.leases[ENDPOINT] = f"{arn}-next"
        yard.executions.end(arn, "ABORTED")
        yard.record(arn)

        assert yard.ledger.leases == {ENDPOINT: f"{arn}-next"}

    def test_lease_of_a_running_promotion_stays(self, yard: Yard) -> None:
        """One that is retried holds its lease again, whatever its former end's event says."""
        request = a_promotion_request(cause="approval")
        arn = yard.executions.start(PROMOTE_MACHINE, "p", json.dumps({"request": request})).arn
        yard.ledger.leases[ENDPOINT] = arn
        yard.record(arn)

        assert yard.ledger.leases == {ENDPOINT: arn}

    def test_unknown_execution(self, yard: Yard) -> None:
        """An execution that Step Functions has forgotten is left alone."""
        assert yard.record("arn:aws:states:eu-west-1:1:execution:release:gone") == ""


class TestSweepExecutions:
    def sweep(self, yard: Yard) -> list[str]:
        return sweep_executions(
            ledger=yard.ledger, executions=yard.executions, recording=yard.recording, clock=lambda: NOW
        )

    def test_failure_that_the_event_bus_did_not_take(self, yard: Yard) -> None:
        """What was recorded and not told is told once the event bus takes events again, and once only."""
        yard.executions.end(yard.arn, "FAILED", error="E", at="2026-11-22T02:00:00.000Z")
        yard.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            yard.record()
        with pytest.raises(ConnectionError):
            yard.later(minutes=1).record()
        yard.events.trouble = None

        assert (self.sweep(yard), self.sweep(yard)) == ([], [])
        assert len(yard.events.of(RELEASE_FAILED)) == 1

    def test_failure_of_long_ago(self, yard: Yard) -> None:
        """What nobody was told of for two days is not told any more."""
        yard.executions.end(yard.arn, "FAILED", error="E", at="2026-11-19T02:00:00.000Z")
        yard.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            yard.record()
        yard.events.trouble = None
        self.sweep(yard)

        assert yard.events.emitted == []

    def test_end_that_was_not_told(self, yard: Yard) -> None:
        """A release that ended unnoticed is recorded, and its failure told."""
        yard.executions.end(yard.arn, "FAILED", error="E")

        assert self.sweep(yard) == [f"{R}: failed"]
        assert self.sweep(yard) == []
        assert len(yard.events.of(RELEASE_FAILED)) == 1

    def test_running_release(self, yard: Yard) -> None:
        """What runs is left alone."""
        assert self.sweep(yard) == []


class TestSteps:
    def claim(self, yard: Yard) -> None:
        """The release has looked its training up, and runs it."""
        lookup = {"step": "training", "key": "k", "result": "miss", "explanation": "miss: …"}
        other = {**lookup, "step": "challenger", "key": "h", "result": "hit"}
        yard.ledger.note_lookups(R, {"training": lookup, "challenger": other})
        for key, owner in (("k", R), ("h", "another")):
            yard.steps.claim_step({"key": key, "release_id": owner, "status": "running"})

    @pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
    def test_failed_release_gives_its_claims_back(self, yard: Yard, status: str) -> None:
        """Identical releases need not wait for it; what others claimed stays theirs."""
        self.claim(yard)
        yard.executions.histories[yard.arn] = TRAINING_FAILED
        yard.executions.end(yard.arn, status)

        yard.recording.record_outcome(yard.arn)

        assert set(yard.steps.records) == {"h"}

    def test_what_it_finished_stays(self, yard: Yard) -> None:
        """A release that fails at Promote has trained all the same."""
        self.claim(yard)
        yard.steps.records["k"]["status"] = "done"
        yard.executions.histories[yard.arn] = TRAINING_FAILED
        yard.executions.end(yard.arn, "FAILED")

        yard.recording.record_outcome(yard.arn)

        assert set(yard.steps.records) == {"h", "k"}
