"""Promotions whose event was lost: their lease is given back, and their failure told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.contracts.events import RELEASE_FAILED
from slipway.usecases.sweep_promotions import sweep_promotions
from tests.fakes.models import PROMOTE_MACHINE, a_promotion_request
from tests.usecases.test_record_outcome import ENDPOINT, Yard


class Harbour(Yard):
    """An endpoint of a registered version; the clock is a second after the executions' end."""

    def promote(self, cause: str = "promote", name: str = "p") -> str:
        """A promotion that holds the lease; its ARN."""
        request = a_promotion_request(cause=cause)
        arn = self.executions.start(PROMOTE_MACHINE, name, json.dumps({"request": request})).arn
        self.hold(arn)
        return str(arn)

    def hold(self, owner: str) -> None:
        self.ledger.leases[ENDPOINT] = owner
        self.ledger.fences[ENDPOINT] = self.ledger.fences.get(ENDPOINT, 0) + 1

    def sweep(self) -> list[str]:
        return sweep_promotions(
            ledger=self.ledger, executions=self.executions, recording=self.recording, clock=lambda: self.now
        )


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


class TestLeases:
    @pytest.mark.parametrize("cause", ["approval", "promote", "rollback"])
    @pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "SUCCEEDED"])
    def test_of_whoever_has_ended_are_given_back(self, harbour: Harbour, cause: str, status: str) -> None:
        """However it was begun, and however it ended: nobody waits 58 hours for it to run out."""
        harbour.executions.end(harbour.promote(cause), status)

        assert f"{ENDPOINT}: lease of p" in harbour.sweep()
        assert harbour.ledger.leases == {}

    def test_of_who_runs_stay(self, harbour: Harbour) -> None:
        """Its promotion is at work."""
        arn = harbour.promote()

        assert harbour.sweep() == []
        assert harbour.ledger.leases == {ENDPOINT: arn}

    def test_of_who_is_known_no_more_are_given_back(self, harbour: Harbour) -> None:
        """Step Functions keeps histories for 90 days."""
        harbour.hold("arn:of:long-ago")

        assert harbour.sweep() == [f"{ENDPOINT}: lease of long-ago"]
        assert harbour.ledger.leases == {}

    def test_taken_again_meanwhile_stay(self, harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody retries the promotion while we look: its lease has another fence then."""
        arn = harbour.promote()
        harbour.executions.end(arn, "FAILED", error="E", cause="x")
        told = harbour.ledger.put_promotion

        def retried(record: Any) -> Any:
            harbour.hold(arn)
            return told(record)

        monkeypatch.setattr(harbour.ledger, "put_promotion", retried)
        harbour.sweep()

        assert harbour.ledger.leases == {ENDPOINT: arn}


class TestFailures:
    def test_of_a_promotion_by_hand_is_told_once(self, harbour: Harbour) -> None:
        """It gave back its lease itself, and its event was lost."""
        harbour.executions.end(harbour.promote(), "FAILED", error="RolledBack", cause="x")
        harbour.ledger.leases.clear()

        assert harbour.sweep() == ["p: failed"]
        assert harbour.later(minutes=10).sweep() == []
        assert len(harbour.events.of(RELEASE_FAILED)) == 1
        assert harbour.ledger.promotions("pricing", "hotel-rates")[0]["status"] == "failed"

    def test_of_a_lost_lease_is_told_with_it(self, harbour: Harbour) -> None:
        """What frees the endpoint says why it was not served."""
        harbour.executions.end(harbour.promote("rollback"), "TIMED_OUT")
        harbour.sweep()

        assert len(harbour.events.of(RELEASE_FAILED)) == 1

    def test_recorded_and_not_told_is_told(self, harbour: Harbour) -> None:
        """The event bus did not take it."""
        arn = harbour.promote()
        harbour.executions.end(arn, "FAILED", error="RolledBack", cause="x")
        harbour.events.trouble = ConnectionError("no event bus")
        with pytest.raises(ConnectionError):
            harbour.record(arn)
        harbour.events.trouble = None
        harbour.later(minutes=10).sweep()

        assert len(harbour.events.of(RELEASE_FAILED)) == 1

    @pytest.mark.parametrize(("cause", "days"), [("approval", 0), ("promote", 3)])
    def test_of_a_release_or_long_ago_is_not(self, harbour: Harbour, cause: str, days: int) -> None:
        """A release tells of its own promotion; whoever heard of nothing for days has found out otherwise."""
        harbour.executions.end(harbour.promote(cause), "FAILED", error="E", cause="x")
        harbour.ledger.leases.clear()

        assert harbour.later(days=days).sweep() == []
        assert harbour.events.emitted == []
