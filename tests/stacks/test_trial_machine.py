from __future__ import annotations

from typing import Any

import pytest

from stacks.machines.trial import definition
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
        assert document["ended"] == {"status": "rejected", "reason": "no"}

    def test_nobody_decides_in_time(self) -> None:
        """The task times out: that is an answer, not a failure."""
        execution = run(Propose=fails("States.Timeout"))

        assert ended(execution)["ended"] == {"status": "rejected", "reason": "nobody decided in time"}

    def test_a_worse_challenger_leaves_without_a_question(self) -> None:
        """With the reason that the look gave."""
        execution = run(Look=looks(look("remove", "rejected", "worse by far")))
        document = ended(execution)

        assert "Propose" not in execution.path
        assert execution.calls["Remove"][0]["Input"]["request"]["action"] == "remove"
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
