"""Trials end whatever fails on the way: the challenger leaves, the ledger says so, and people are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slipway.contracts.events import TRIAL_ENDED
from slipway.contracts.names import endpoint
from slipway.domain.trials.trial import trial_id_of
from slipway.usecases.bury_trial import TrialBurial
from tests.usecases.test_trials import AB, ARN, NOW, SUBJECT, TRIAL, Room, request

ENDPOINT = endpoint("slipway-dev", *SUBJECT)
PROMOTE = "arn:aws:states:eu-west-1:111122223333:stateMachine:slipway-dev-promote"
WISH: Any = {
    "project": SUBJECT[0],
    "model": SUBJECT[1],
    "trial_id": TRIAL,
    "actor": "ben",
    "reason": "enough",
}


class BusError(Exception):
    """The event bus takes no event."""


class LimitError(Exception):
    """Step Functions starts nothing."""


class EndingRoom(Room):
    """A trial whose challenger stands on the endpoint."""

    def __init__(self) -> None:
        super().__init__(dict(AB))
        self.now = NOW
        self.burial = TrialBurial(
            ledger=self.ledger,
            executions=self.executions,
            ending=self.ending,
            resource_prefix="slipway-dev",
            clock=lambda: self.now,
        )
        machine, _, name = ARN.rpartition(":")
        self.executions.start(machine.replace(":execution:", ":stateMachine:"), name, '{"request": {}}')
        self.executions.by_arn[ARN].document["request"] = request(cause="promote")

    def stands(self, trial_id: str = TRIAL, **changes: Any) -> None:
        """What the ledger says of the endpoint."""
        state: dict[str, Any] = {
            "endpoint": ENDPOINT,
            "status": "in-service",
            "changed_at": "2026-11-28T08:00:00.000Z",
            "actor": "ana",
            "reason": "seen",
            "action": "beside",
            "version": "1.1.0",
            "execution_arn": "arn:p",
            **({"trial_id": trial_id} if trial_id else {}),
        }
        self.ledger.endpoint_states[ENDPOINT] = [state | changes]

    def serves(self, version: str = "1.1.0") -> None:
        """The version became champion."""
        moved = {"alias": "champion", "version": version, "release_id": "r", "revision": 2}
        at = {"moved_at": "2026-11-28T08:30:00.000Z"}
        self.ledger.move_alias({"project": SUBJECT[0], "model": SUBJECT[1], **moved, **at})
        self.stands("", action="serve", version=version)

    def died(self, status: str = "FAILED", **values: Any) -> bool:
        """The trial's execution ends so, and the event of it comes."""
        self.executions.end(ARN, status, **values)
        return self.burial.bury_execution(ARN)

    def removals(self) -> list[str]:
        """Names of the promotions that were started."""
        return [one.name for one in self.executions.by_arn.values() if one.machine_arn == PROMOTE]

    def told(self) -> list[str]:
        return [detail["status"] for detail in self.events.of(TRIAL_ENDED)]


@pytest.fixture
def room() -> EndingRoom:
    room = EndingRoom()
    room.begin()
    room.stands()
    return room


@pytest.fixture
def proposed() -> EndingRoom:
    room = EndingRoom()
    room.propose()
    room.stands()
    return room


class TestEnd:
    def test_an_end_is_recorded_and_told_once(self, room):
        """Whatever comes second changes nothing."""
        assert room.ending.end_trial(*SUBJECT, TRIAL, "promoted", "ana: seen")
        assert not room.ending.end_trial(*SUBJECT, TRIAL, "rejected", "ben: no")
        assert room.status() == "promoted"
        assert room.told() == ["promoted"]

    def test_what_was_not_told_is_told_by_the_next_try(self, room):
        """The end is recorded, and the bus takes no event: the step is tried again."""
        room.events.trouble = BusError()
        with pytest.raises(BusError):
            room.ending.end_trial(*SUBJECT, TRIAL, "promoted", "ana: seen")
        room.events.trouble = None

        assert not room.ending.end_trial(*SUBJECT, TRIAL, "promoted", "ana: seen")
        assert room.told() == ["promoted"]


class TestStop:
    def test_stopped_by_hand_the_challenger_leaves(self, proposed):
        """By the promote machine, and who waits for a decision hears that there is none."""
        answer = proposed.ending.stop_trial(WISH)

        assert (answer["outcome"], proposed.status()) == ("stopped", "stopped")
        started = proposed.started()
        assert (started["action"], started["version"], started["trial_id"]) == ("remove", "1.1.0", TRIAL)
        assert proposed.tokens.outputs[-1][1]["decision"] == "expired"
        assert proposed.decide("approved").status == 410
        proposed.stands("")
        assert proposed.ending.stop_trial(WISH)["outcome"] == "refused"

    def test_the_stopper_s_removal_is_asked_for_first(self, proposed):
        """Before the execution that waits goes on and takes away what still stands there."""
        proposed.executions.failing = LimitError()
        with pytest.raises(LimitError):
            proposed.ending.stop_trial(WISH)
        assert proposed.tokens.outputs == []

        proposed.ending.stop_trial(WISH)
        assert proposed.started()["reason"] == "enough"
        assert proposed.tokens.outputs[-1][1]["reason"] == "ben: enough"

    def test_a_removal_that_cannot_start_leaves_the_trial_open(self, room):
        """Nothing is recorded before it: who stops it again stops it."""
        room.executions.failing = LimitError()
        with pytest.raises(LimitError):
            room.ending.stop_trial(WISH)
        assert (room.status(), room.told()) == ("running", [])

        assert room.ending.stop_trial(WISH)["outcome"] == "stopped"
        assert (room.status(), room.told()) == ("stopped", ["stopped"])

    def test_what_was_stopped_and_not_told_is_told_and_removed_once(self, room):
        """The bus took no event: the next try starts no second removal while the first one runs."""
        room.events.trouble = BusError()
        with pytest.raises(BusError):
            room.ending.stop_trial(WISH)
        room.events.trouble = None

        assert room.ending.stop_trial(WISH)["outcome"] == "stopped"
        assert (room.told(), len(room.removals())) == (["stopped"], 1)

    def test_a_removal_that_failed_is_started_anew(self, room):
        """The trial is stopped, and its challenger still stands there: stopping it again takes it away."""
        first = room.ending.stop_trial(WISH)["execution_arn"]
        room.executions.end(first, "FAILED")
        again = room.ending.stop_trial(WISH)

        assert (again["outcome"], again["execution_arn"] == first) == ("stopped", False)
        assert len(room.removals()) == 2

    def test_what_serves_already_is_not_stopped(self, room):
        """The challenger is champion: nobody could take it away by ending its trial."""
        room.serves()
        answer = room.ending.stop_trial(WISH)

        assert (answer["outcome"], room.removals()) == ("refused", [])
        assert "serves as champion" in answer["reason"]


class TestBurial:
    @pytest.mark.parametrize(("ended", "status"), [("FAILED", "failed"), ("ABORTED", "stopped")])
    def test_a_trial_whose_execution_died_leaves_no_challenger(self, room, ended, status):
        """It is recorded, told, and the challenger is taken away; the same event again changes nothing."""
        cause = '{"errorMessage": "no room", "errorType": "NoRoomError"}'

        assert room.died(ended, error="States.TaskFailed", cause=cause)
        assert (room.status(), room.told()) == (status, [status])
        assert room.ledger.trial(*SUBJECT, TRIAL)["reason"] == "NoRoomError: no room"
        assert room.started()["action"] == "remove"
        assert not room.burial.bury_execution(ARN)
        assert (len(room.removals()), room.told()) == (1, [status])

    @pytest.mark.parametrize("fails", ["start", "tell"])
    def test_a_burial_that_dies_half_way_is_finished_by_the_next(self, room, fails):
        """The removal comes first and the telling last; each is done if it was not done yet."""
        room.executions.failing = LimitError() if fails == "start" else None
        room.events.trouble = BusError() if fails == "tell" else None
        with pytest.raises((LimitError, BusError)):
            room.died()
        room.events.trouble = None
        room.burial.bury_execution(ARN)

        assert (room.status(), room.told(), len(room.removals())) == ("failed", ["failed"], 1)

    def test_one_that_ended_and_stands_there_still_is_taken_away(self, room):
        """However it came to that."""
        room.ledger.set_trial_status(*SUBJECT, TRIAL, "failed", reason="x", at="2026-11-28T08:30:00.000Z")
        room.died()

        assert room.started()["action"] == "remove"

    def test_before_it_stood_there_it_is_taken_away_too(self, room):
        """The promotion that puts it there may be under way: the removal waits for it."""
        room.stands("", version="1.0.0")
        room.died()

        assert room.started()["action"] == "remove"

    @pytest.mark.parametrize("now", [{"trial_id": "00" * 8}, {"status": "stopped"}])
    def test_what_is_not_its_own_is_not_taken_away(self, room, now):
        """Another trial's challenger stands there, or nothing does."""
        room.stands(**now)

        assert room.died()
        assert (room.status(), room.removals()) == ("failed", [])

    def test_a_challenger_that_serves_was_promoted(self, room):
        """Only recording it failed: it is champion, and nothing is taken away."""
        room.serves()

        assert room.died()
        assert (room.status(), room.removals(), room.told()) == ("promoted", [], ["promoted"])
        assert room.ledger.trial(*SUBJECT, TRIAL)["reason"] == "ana: seen"

    @pytest.mark.parametrize(("cause", "told"), [("promote", ["failed"]), ("approval", [])])
    def test_one_that_never_began_is_told_of(self, cause, told):
        """There is no record of it; a release that began it tells of its own failure."""
        room = EndingRoom()
        room.executions.by_arn[ARN].document["request"] = request(cause=cause)
        said = '{"errorMessage": "no champion serves", "errorType": "NoTrialError"}'

        assert not room.died(error="NoTrialError", cause=said)
        assert room.told() == told
        assert all("no champion serves" in detail["reason"] for detail in room.events.of(TRIAL_ENDED))


class TestSupersession:
    def promoted(self, room: EndingRoom, trial_id: str = TRIAL) -> bool:
        """Somebody promotes 1.2.0 by hand, which ends the trial."""
        arn = room.executions.start(
            PROMOTE, "p2", '{"request": {"project": "pricing", "model": "hotel-rates", "version": "1.2.0"}}'
        ).arn
        room.executions.by_arn[arn].document["request"]["actor"] = "ben"
        promotion = {"action": "serve", "superseded_trial": trial_id}
        room.executions.end(arn, "SUCCEEDED", output={"promotion": promotion})
        return room.burial.supersede_by(arn)

    def test_a_proposal_is_void_once_another_version_serves(self, proposed):
        """The link decides nothing any more, and the execution that waits for it ends."""
        assert self.promoted(proposed)
        assert proposed.status() == "superseded"
        assert proposed.ledger.trial(*SUBJECT, TRIAL)["reason"] == "ben promoted 1.2.0 meanwhile"
        assert proposed.tokens.outputs[-1][1]["decision"] == "superseded"
        assert proposed.decide("approved").status == 410
        assert (proposed.told(), proposed.removals()) == (["superseded"], ["p2"])

    def test_a_running_trial_is_over_at_once(self, room):
        """Not only at its next look."""
        assert self.promoted(room)
        assert (room.status(), room.told()) == ("superseded", ["superseded"])

    def test_a_promotion_that_ends_no_trial(self, room):
        """Most do not."""
        assert not self.promoted(room, "")
        assert room.status() == "running"


class TestSweep:
    def test_an_end_of_which_nobody_heard_is_found(self, room):
        """The event that an execution died may be lost."""
        assert room.burial.sweep_trials() == []
        room.executions.end(ARN, "TIMED_OUT", error="States.Timeout")

        assert room.burial.sweep_trials() == [f"{TRIAL}: failed"]
        assert (room.status(), room.told()) == ("failed", ["failed"])
        assert room.started()["action"] == "remove"
        assert room.burial.sweep_trials() == []

    def test_an_end_that_was_not_told_is_told(self, room):
        """Not while whoever recorded it may be about to."""
        room.ledger.set_trial_status(*SUBJECT, TRIAL, "promoted", reason="ana", at="2026-11-28T09:00:00.000Z")
        assert room.burial.sweep_trials() == []
        room.now += timedelta(minutes=1)

        assert room.burial.sweep_trials() == [f"{TRIAL}: promoted"]
        assert room.told() == ["promoted"]

    def test_a_proposal_that_is_void_is_found(self, proposed):
        """The event of the promotion that took its challenger away may be lost."""
        assert proposed.burial.sweep_trials() == []
        proposed.serves("1.2.0")

        assert proposed.burial.sweep_trials() == [f"{TRIAL}: superseded"]
        assert proposed.tokens.outputs[-1][1]["decision"] == "superseded"

    def test_its_own_promotion_does_not_make_it_void(self, proposed):
        """It serves already, and its execution is about to record it."""
        proposed.serves()
        proposed.stands("", action="serve", execution_arn=f"arn:p:{trial_id_of(ARN)}-serve-0-0")

        assert proposed.burial.sweep_trials() == []

    def test_an_execution_that_nobody_remembers(self, room):
        """Step Functions forgets after 90 days."""
        del room.executions.by_arn[ARN]

        assert room.burial.sweep_trials() == [f"{TRIAL}: failed"]
