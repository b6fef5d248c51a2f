"""The ledger's trials; the fake and DynamoDB keep the same promises."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.test_ledger import ledger  # noqa: F401 - the fixture

SUBJECT = ("pricing", "rates")


def a_trial(trial_id: str = "7d" * 8, started_at: str = "2026-11-28T09:00:00.000Z") -> Any:
    return {
        "trial_id": trial_id,
        "project": "pricing",
        "model": "rates",
        "kind": "ab",
        "champion": "1.0.0",
        "challenger": "1.1.0",
        "release_id": "9f2c41d07b3a55e1",
        "status": "running",
        "started_at": started_at,
        "ends_by": "",
        "settings": {"kind": "ab", "share": 0.1, "minimum_effect": 0.01},
        "state": {},
        "looks": 0,
        "execution_arn": "arn:execution",
    }


@pytest.fixture
def trials(ledger: Any) -> Any:  # noqa: F811 - the fixture
    assert ledger.begin_trial(a_trial())
    return ledger


class TestTrials:
    def test_a_trial_begins_once(self, trials: Any) -> None:
        """A retry of the step that begins it finds it."""
        assert not trials.begin_trial(a_trial())
        assert trials.trial(*SUBJECT, "7d" * 8) == a_trial()
        assert trials.trial(*SUBJECT, "00" * 8) is None

    def test_trials_of_a_model_come_newest_first(self, trials: Any) -> None:
        """Whatever their ids."""
        trials.begin_trial(a_trial("0a" * 8, "2026-11-29T09:00:00.000Z"))

        assert [one["trial_id"] for one in trials.trials(*SUBJECT)] == ["0a" * 8, "7d" * 8]
        assert trials.trials("pricing", "rats") == []

    def test_looks_are_written_one_on_top_of_the_other(self, trials: Any) -> None:
        """Of two that look at once one is late, and what it counted is not counted twice."""
        look = {"state": {"looks": 1, "effect": {"estimate": 0.25}}, "ends_by": "2026-11-29T09:00:00.000Z"}

        assert trials.note_look(*SUBJECT, "7d" * 8, **look, after=0)
        assert not trials.note_look(*SUBJECT, "7d" * 8, **look, after=0)
        found = trials.trial(*SUBJECT, "7d" * 8)
        assert (found["looks"], found["state"]["effect"]["estimate"]) == (1, 0.25)

    def test_an_ended_trial_stays_ended(self, trials: Any) -> None:
        """Proposed is not ended; whatever comes after an end is refused."""
        at = "2026-11-28T10:00:00.000Z"
        assert trials.set_trial_status(*SUBJECT, "7d" * 8, "proposed", reason="better", at=at)
        assert "ended_at" not in trials.trial(*SUBJECT, "7d" * 8)
        assert trials.set_trial_status(*SUBJECT, "7d" * 8, "promoted", reason="ana", at=at)

        assert not trials.set_trial_status(*SUBJECT, "7d" * 8, "stopped", reason="ben", at=at)
        assert not trials.note_look(*SUBJECT, "7d" * 8, state={}, ends_by="", after=0)
        found = trials.trial(*SUBJECT, "7d" * 8)
        assert (found["status"], found["reason"], found["ended_at"]) == ("promoted", "ana", at)

    def test_a_trial_is_listed_until_its_end_was_told(self, trials: Any) -> None:
        """Whichever model it is of; what is open or untold is found by a sweep, the rest is history."""
        trials.begin_trial({**a_trial("0a" * 8), "model": "delays"})
        assert sorted(one["trial_id"] for one in trials.untold_trials()) == ["0a" * 8, "7d" * 8]
        at = "2026-11-28T10:00:00.000Z"
        trials.set_trial_status(*SUBJECT, "7d" * 8, "failed", reason="died", at=at)
        assert len(trials.untold_trials()) == 2
        trials.note_trial_told(*SUBJECT, "7d" * 8, at)

        assert [one["trial_id"] for one in trials.untold_trials()] == ["0a" * 8]
        assert trials.trial(*SUBJECT, "7d" * 8)["told_at"] == at
