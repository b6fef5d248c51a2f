"""What ``slipway ab start`` says and refuses before anything is started."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from slipway.domain.trials.tally import Tally
from tests.usecases.test_trials import AB, SUBJECT, TRIAL, Room, request
from workbench.cli import ab
from workbench.cli.frame import Refusal
from workbench.cli.trial_rows import rows_of
from workbench.cli.trials import terms


def asked(**changes: Any) -> Any:
    return request(cause="promote", strategy={**AB, **changes})


class TestTerms:
    def test_what_it_takes_is_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        """On standard error: standard output is for pipes."""
        settings = terms(Room(dict(AB)).ledger, asked(requests=1_000_000))
        printed = capsys.readouterr()

        assert settings["requests"] == 1_000_000
        assert printed.out == ""
        assert "an effect of 0.01 takes about" in printed.err
        assert "warning" not in printed.err

    def test_a_limit_that_ends_it_before_is_warned_of(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Most likely nothing would be decided."""
        terms(Room(dict(AB)).ledger, asked(requests=1000))

        assert "warning: 1,000 requests end it before" in capsys.readouterr().err

    def test_an_older_challenger_is_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It may be tried, as it may be rolled back to; nobody should do so without knowing."""
        room = Room(dict(AB))
        room.serves("1.2.0")
        terms(room.ledger, asked())

        assert "1.1.0 is older than the champion 1.2.0" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("share", "changes", "problem"),
        [
            (0.5, {}, "captures 50% of the requests"),
            (1.0, {"minimum_effect": 0.0}, "minimum_effect is not above 0"),
        ],
    )
    def test_what_cannot_be_tried_is_refused(
        self, share: float, changes: dict[str, Any], problem: str
    ) -> None:
        """With what the platform would have said, of which nobody would have heard."""
        room = Room(dict(AB))
        for record in room.ledger.versions(*SUBJECT):
            record["manifest"]["serving"]["capture_share"] = share
            room.ledger.registered[(*SUBJECT, record["version"])] = record
        with pytest.raises(Refusal, match=problem):
            terms(room.ledger, asked(**changes))

    def test_without_a_champion_it_is_refused(self) -> None:
        """There is nothing beside which it could be tried."""
        room = Room(dict(AB))
        room.ledger.moves.clear()
        with pytest.raises(Refusal, match="no champion serves"):
            terms(room.ledger, asked())


class TestRows:
    """What `slipway ab status` says of a trial."""

    def rows(self, room: Room, **changes: Any) -> dict[str, str]:
        record = room.ledger.trial(*SUBJECT, TRIAL)
        tally = Tally().record()
        record["state"] = {**record["state"], "tally": tally, "looked_at": "2026-11-28T09:05:00.000Z"}
        return dict(rows_of({**record, **changes}, {"1.0.0": 0.8, "1.1.0": 0.2}, None))

    def test_what_is_proposed_has_not_ended(self) -> None:
        """It says why once, and what it waits for."""
        room = Room(dict(AB))
        room.propose()
        rows = self.rows(room)

        assert "ended" not in rows
        assert list(rows.values()).count("the difference lies above 0") == 1
        assert rows["waits for"] == "an approver: slipway approval open pricing/hotel-rates"

    def test_what_has_ended_says_when_and_by_whom(self) -> None:
        """It waits for nobody any more."""
        room = Room(dict(AB))
        room.propose()
        at = "2026-11-28T10:00:00.000Z"
        room.ledger.set_trial_status(*SUBJECT, TRIAL, "rejected", reason="ana: no", at=at)
        rows = self.rows(room)

        assert rows["ended"] == f"{at}: ana: no"
        assert "waits for" not in rows


class TestStart:
    @pytest.mark.parametrize("effect", ["0", "-0.1"])
    def test_an_effect_that_is_no_difference_is_no_option(self, effect: str) -> None:
        """Nothing could ever be decided by it."""
        answer = CliRunner().invoke(
            ab.group, ["start", "rates:1.0.0", "--outcome", "booked", "--minimum-effect", effect]
        )

        assert answer.exit_code == 2
        assert "is not in the range x>0" in answer.output
