from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import ledger_keys, names
from slipway.contracts import promotion_limits as limits
from slipway.domain.guardrails import MAX_DEPLOYMENT_SECONDS
from stacks.machines.endpoint import LOOKS, UNAVAILABLE
from stacks.machines.promote import definition
from tests.fakes.promote_runs import DEFINITION, MISSING, REQUEST, endpoint, failure, run
from tests.fakes.state_machine import answers, fails
from workbench.local.states.failures import StateFailedError

LOST = StateFailedError("DynamoDB.ConditionalCheckFailedException", "The conditional request failed")
GUARDS = {
    "CreateEndpoint": "MayWeCreate",
    "UpdateEndpoint": "MayWeStillUpdate",
    "DropScaling": "MayWeUpdate",
    "DeleteDead": "MayWeDelete",
    "ClearScaling": "MayWeScale",
    "DeleteEndpoint": "MayWeStop",
    "Unscale": "MayWeRestore",
    "Restore": "MayWeStillRestore",
    "ClearEndpoint": "MayWeClear",
    "Recreate": "MayWeRecreate",
    "UnscaleCreated": "MayWeUndo",
    "DeleteCreated": "MayWeStillUndo",
}
"""Each write to the endpoint, and the one state that leads to it."""
WRITES = ("createEndpoint", "updateEndpoint", "deleteEndpoint")


def leading_to(name: str) -> set[str]:
    """The states that lead to one."""
    found = set()
    for before, state in DEFINITION["States"].items():
        ways = [*state.get("Choices", ()), *state.get("Catch", ())]
        if name in [state.get("Next"), state.get("Default"), *(way["Next"] for way in ways)]:
            found.add(before)
    return found


class TestLease:
    def test_is_the_endpoint_s(self) -> None:
        """The lease's key is the contract's, for the endpoint's name as the contract builds it."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        expected = ledger_keys.lease_key(names.endpoint("slipway-dev", "pricing", "hotel-rates"))
        key = {name: {"S": value} for name, value in expected.items()}
        for state in ("TakeLease", "MayWeUpdate", "ReleaseLease"):
            assert execution.calls[state][0]["Key"] == key

    def test_is_counted_up(self) -> None:
        """Whoever takes it gets a number that nobody had before; it is looked for at every write."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        document = execution.start({"request": REQUEST})
        assert "ADD fence :one" in execution.calls["TakeLease"][0]["UpdateExpression"]
        assert document["lease"]["fence"] == 4
        guard = execution.calls["MayWeUpdate"][0]
        assert guard["ConditionExpression"] == "#owner = :me AND fence = :fence"
        assert guard["ExpressionAttributeValues"][":fence"] == {"N": "4"}

    def test_notes_what_is_asked_for(self) -> None:
        """A killed promotion's config is known to the next one, and so is how the endpoint was scaled."""
        execution = run(endpoint("InService", "old"), endpoint("InService", "new"))
        execution.start({"request": REQUEST})
        values = execution.calls["MayWeUpdate"][0]["ExpressionAttributeValues"]
        assert values[":config"] == {"SS": ["new"]}
        assert values[":scaled"] == {"S": "[]"}
        assert execution.calls["ReleaseLease"][0]["UpdateExpression"] == (
            "REMOVE #owner, expires_at_epoch, scaled, asked"
        )

    def test_is_waited_for(self) -> None:
        """Somebody else's lease is no failure."""
        taken = {"Attributes": {"fence": {"N": "4"}}}
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), TakeLease=answers(LOST, LOST, taken)
        )
        execution.start({"request": REQUEST})
        assert len(execution.calls["TakeLease"]) == 3

    def test_that_has_run_out_does_not_change_the_ending(self) -> None:
        """A promotion that succeeded has succeeded, whoever has the lease now."""
        execution = run(
            endpoint("InService", "old"), endpoint("InService", "new"), ReleaseLease=answers(LOST)
        )
        assert "endpoint" in execution.start({"request": REQUEST})

    @pytest.mark.parametrize(
        "state",
        sorted(
            name
            for name, state in DEFINITION["States"].items()
            if state["Type"] in ("Task", "Map") and name != "TakeLease" and "Lease" not in name
        ),
    )
    def test_is_given_back_whatever_fails(self, state: str) -> None:
        """Every task's failure leads over the release of the lease to an end."""
        assert DEFINITION["States"][state]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert self._ends(DEFINITION["States"][state]["Catch"][-1]["Next"]) <= {
            "Failed",
            "InService",
            "LeaseLostError",
        }

    def _ends(self, start: str) -> set[str]:
        """The states without a successor that can be reached from ``start``."""
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


class TestStaleWorker:
    """It was thought dead: another promotion has taken the endpoint over."""

    @pytest.mark.parametrize(("write", "guard"), GUARDS.items())
    def test_every_write_is_guarded(self, write: str, guard: str) -> None:
        """The only way to a write leads over a look at the lease, without a wait in between."""
        assert leading_to(write) == {guard}

    def test_no_write_is_forgotten(self) -> None:
        """Whatever changes the endpoint is among those above."""
        found = {
            name
            for name, state in DEFINITION["States"].items()
            if state.get("Resource", "").rpartition(":")[2] in WRITES
        }
        assert found <= set(GUARDS)

    @pytest.mark.parametrize(
        ("guard", "looks", "tasks"),
        [
            ("MayWeUpdate", [endpoint("InService", "old")], {}),
            ("MayWeCreate", [MISSING], {}),
            ("MayWeScale", [endpoint("InService", "old"), endpoint("InService", "new")], {}),
            ("MayWeDelete", [endpoint("Failed", "old")], {}),
            (
                "MayWeRestore",
                [endpoint("InService", "old"), endpoint("InService", "new")],
                {"Smoke": fails("SmokeTestFailedError", "500")},
            ),
        ],
    )
    def test_stops_and_writes_nothing(self, guard: str, looks: list[Any], tasks: dict[str, Any]) -> None:
        """It puts nothing back, tidies nothing up, and says what happened."""
        execution = run(*looks, **tasks, **{guard: answers(LOST)})
        error = failure(execution)
        assert error.error == "LeaseLostError"
        assert "another promotion has taken endpoint slipway-dev-pricing-hotel-rates over" in error.cause
        assert execution.path[-2:] == [guard, "LeaseLostError"]

    def test_is_stopped_by_the_ledger_too(self) -> None:
        """The last word is the transaction's, which moves the aliases."""
        execution = run(
            endpoint("InService", "old"),
            endpoint("InService", "new"),
            MoveAlias=fails("LeaseLostError", '{"errorMessage": "fence 4 is not 5"}'),
        )
        assert failure(execution).error == "LeaseLostError"
        assert {"Restore", "Tell", "Tidy", "ReleaseLeaseAfterFailure"}.isdisjoint(execution.path)


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
        """The slowest strategy that a manifest may have, after all waits for quota, is no time-out."""
        assert limits.UPDATE == MAX_DEPLOYMENT_SECONDS
        (quota,) = (
            item for item in UNAVAILABLE if "SageMaker.ResourceLimitExceededException" in item["ErrorEquals"]
        )
        assert 2 * limits.UPDATE + self._waits(quota) < limits.FORWARD
        assert limits.UPDATE + limits.RESTORE + self._waits(quota) < limits.BACK

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
