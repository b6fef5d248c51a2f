from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.domain.trials.pace import is_spent, pause_seconds
from stacks.machines.trial import definition
from stacks.trial import LONGEST_HOURS
from tests.fakes.state_machine import Run, answers, fails
from workbench.local.states.failures import StateFailedError

DEFINITION = definition(timeout_seconds=600_000)
REQUEST = {
    "project": "pricing",
    "model": "rates",
    "version": "1.1.0",
    "release_id": "9f2c41d07b3a55e1",
    "cause": "approval",
    "actor": "ann@example.com",
    "reason": "better",
    "strategy": {},
}
TRIAL = {
    "trial_id": "7d" * 8,
    "kind": "ab",
    "champion": "1.0.0",
    "action": "beside",
    "share": 0.1,
    "strategy": {"kind": "ab", "share": 0.1},
    "approval_timeout_seconds": 3600,
    "poll_seconds": 60,
}
ENDPOINT = {"endpoint_name": "slipway-dev-pricing-rates"}
APPROVED = {"decision": "approved", "approver": "ann@example.com", "reason": "it wins", "decided_at": "now"}


def look(what: str, status: str = "", reason: str = "because") -> dict[str, Any]:
    return {"Payload": {"next": what, "wait_seconds": 60, "word": None, "reason": reason, "status": status}}


def looks(*found: dict[str, Any]) -> Any:
    left = list(found)
    return lambda _: left.pop(0)


def run(**tasks: Any) -> Run:
    script = {
        "BeginTrial": answers({"Payload": TRIAL}),
        "PutThere": answers({"Output": {}}),
        "Look": looks(look("wait"), look("again"), look("propose")),
        "Propose": answers(APPROVED),
        "Promote": answers({"Output": {"endpoint": ENDPOINT}}),
        "Remove": answers({"Output": {}}),
        "EndTrial": lambda call: {"Payload": {key: call["Payload"][key] for key in ("status", "reason")}},
    }
    return Run(DEFINITION, script | tasks)


def ended(execution: Run) -> dict[str, Any]:
    document: dict[str, Any] = execution.start({"request": REQUEST})
    return document


class TestTrialMachine:
    def test_a_challenger_that_is_approved_becomes_champion(self) -> None:
        """Put beside, watched, proposed, promoted, recorded; the endpoint is in the document."""
        execution = run()
        document = ended(execution)

        assert execution.path == [
            "BeginTrial",
            "PutThere",
            "WaitForRequests",
            "Look",
            "WhatNow",
            "Wait",
            "Look",
            "WhatNow",
            "Look",
            "WhatNow",
            "Propose",
            "IsItApproved",
            "Promote",
            "EndTrial",
        ]
        assert document["endpoint"] == ENDPOINT
        assert document["ended"] == {"status": "promoted", "reason": "ann@example.com: it wins"}

    def test_every_promotion_bears_the_trial_s_id(self) -> None:
        """The endpoint's state says by it which trial stands there; each execution has a name of its own."""
        execution = run()
        ended(execution)
        put, served = (execution.calls[name][0] for name in ("PutThere", "Promote"))

        assert put["Input"]["request"] | {"action": "beside", "share": 0.1} == put["Input"]["request"]
        assert put["Input"]["request"]["strategy"] == TRIAL["strategy"]
        assert served["Input"]["request"]["action"] == "serve"
        assert served["Input"]["request"]["reason"] == "it wins"
        assert {one["Input"]["request"]["trial_id"] for one in (put, served)} == {TRIAL["trial_id"]}
        assert put["Name"] != served["Name"]

    @pytest.mark.parametrize("decision", ["rejected", "expired"])
    def test_what_is_not_approved_leaves(self, decision: str) -> None:
        """Also when nobody decides in time."""
        no = {"decision": decision, "approver": "", "reason": "no", "decided_at": "now"}
        execution = run(Propose=answers(no))
        document = ended(execution)

        assert execution.path[-2:] == ["Remove", "EndTrial"]
        assert execution.calls["Remove"][0]["Input"]["request"]["reason"] == "no"
        assert document["ended"] == {"status": "rejected", "reason": "no"}

    def test_what_is_void_needs_no_removal(self) -> None:
        """Another promotion took the challenger away while people were asked."""
        void = {"decision": "superseded", "approver": "", "reason": "ben promoted 1.2.0", "decided_at": "now"}
        execution = run(Propose=answers(void))
        document = ended(execution)

        assert "Remove" not in execution.path
        assert document["ended"] == {"status": "superseded", "reason": "ben promoted 1.2.0"}

    def test_nobody_decides_in_time(self) -> None:
        """The task times out: that is an answer, not a failure."""
        execution = run(Propose=fails("States.Timeout"))

        assert ended(execution)["ended"] == {"status": "rejected", "reason": "nobody decided in time"}

    def test_a_worse_challenger_leaves_without_a_question(self) -> None:
        """With the reason that the look gave."""
        execution = run(Look=looks(look("remove", "rejected", "worse by far")))
        document = ended(execution)

        assert "Propose" not in execution.path
        removal = execution.calls["Remove"][0]["Input"]["request"]
        assert (removal["action"], removal["reason"]) == ("remove", "worse by far")
        assert document["ended"] == {"status": "rejected", "reason": "worse by far"}

    def test_one_that_is_gone_needs_no_removal(self) -> None:
        """Somebody stopped it, or a newer release took its place."""
        execution = run(Look=looks(look("gone", "superseded")))
        document = ended(execution)

        assert "Remove" not in execution.path
        assert document["ended"]["status"] == "superseded"

    def test_a_promotion_that_fails_fails_the_trial(self) -> None:
        """Whoever hears of the dead execution takes the challenger away."""
        with pytest.raises(StateFailedError, match="RolledBack"):
            ended(run(Promote=fails("RolledBack")))

    @pytest.mark.parametrize("state", ["Look", "EndTrial"])
    @pytest.mark.parametrize("error", ["SlowDown", "Sandbox.Timedout", "Lambda.Unknown"])
    def test_trouble_that_passes_does_not_end_a_trial_of_weeks(self, state: str, error: str) -> None:
        """A look is kept by one conditional write, and an end is recorded once: both may be tried again."""
        trouble = [StateFailedError(error, "not now")] * 4
        result = look("remove", "rejected", "worse by far")
        if state == "EndTrial":
            result = {"Payload": {"status": "rejected", "reason": "worse by far"}}
        script = {"Look": answers(look("remove", "rejected", "worse by far"))}
        execution = run(**script | {state: answers(*trouble, result)})

        assert ended(execution)["ended"]["reason"] == "worse by far"
        assert len(execution.calls[state]) == len(trouble) + 1

    def test_a_trial_that_nobody_knows_is_not_looked_for_again(self) -> None:
        """Another try would know no more."""
        execution = run(Look=fails("TrialUnknownError"))
        with pytest.raises(StateFailedError, match="TrialUnknownError"):
            ended(execution)

        assert len(execution.calls["Look"]) == 1

    def test_trouble_of_a_quarter_of_an_hour_is_waited_out(self) -> None:
        """The waits between the tries add up to more than that, also when each is drawn at random."""
        (again,) = [
            one
            for one in DEFINITION["States"]["Look"]["Retry"]
            if one["ErrorEquals"] == ["States.TaskFailed"]
        ]
        waits = [
            min(again["IntervalSeconds"] * again["BackoffRate"] ** n, again["MaxDelaySeconds"])
            for n in range(again["MaxAttempts"])
        ]

        assert max(waits) == 900
        assert sum(waits) / 2 > 900


EVENTS = {"Task": 5, "Choice": 2, "Wait": 2}
"""Of a state that succeeds: entered and exited; a task is scheduled, started and succeeds in between."""
MOST_EVENTS = 25_000
"""Step Functions ends an execution then."""
OF_A_TRY = 3
"""A task that is tried again was scheduled, started, and failed."""


def events_of(path: list[str]) -> int:
    return sum(EVENTS[DEFINITION["States"][name]["Type"]] for name in path)


class TestHistory:
    """An execution ends with its 25,000th event, whatever it does then."""

    def test_a_call_and_its_wait_are_nine_events(self) -> None:
        """So many more come with each look that ends in a wait."""
        short, long = (run(Look=looks(*[look("wait")] * n, look("gone", "stopped"))) for n in (1, 2))
        for one in (short, long):
            ended(one)

        assert events_of(long.path) - events_of(short.path) == 9

    @settings(max_examples=25, deadline=None)
    @given(
        hours=st.integers(1, LONGEST_HOURS),
        poll=st.sampled_from([30, 60, 300]),
        again=st.integers(0, 5000),
        every=st.integers(1, 20),
    )
    def test_no_trial_that_a_manifest_may_ask_for_is_too_long(
        self, hours: int, poll: int, again: int, every: int
    ) -> None:
        """Also where traffic makes calls follow each other at once, and every third call is tried again."""
        age, calls, events = 0.0, 0, 100
        while age < hours * 3600 and not is_spent(calls):
            calls += 1
            events += 9 + OF_A_TRY * (calls % 3 == 0)
            if again and calls % every == 0:
                again -= 1  # there is more to read: no wait
                continue
            age += pause_seconds(age=age, left=hours * 3600 - age, calls=calls, poll=poll)

        assert events < MOST_EVENTS
        assert age >= hours * 3600 or is_spent(calls)

    def test_the_longest_trial_is_looked_at_until_its_hours_are_over(self) -> None:
        """By far fewer calls than there is room for, and by the hour at the latest."""
        age, calls, longest = 0.0, 0, 0.0
        while age < LONGEST_HOURS * 3600:
            calls += 1
            pause = pause_seconds(age=age, left=LONGEST_HOURS * 3600 - age, calls=calls, poll=60)
            age, longest = age + pause, max(longest, pause)

        assert not is_spent(calls)
        assert longest < 4500
