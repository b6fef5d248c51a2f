from __future__ import annotations

import pytest

from slipway.contracts.events import APPROVAL_DECIDED
from slipway.usecases.sweep_approvals import SweepIncompleteError
from tests.fakes.approval_room import RELEASE, ApprovalRoom


@pytest.fixture
def room() -> ApprovalRoom:
    asked = ApprovalRoom()
    asked.ask()
    return asked


class TestSweepApprovals:
    def test_what_may_still_be_decided_is_left_alone(self, room):
        """
        A pending request changes nothing and is counted.
        """
        before = room.state()

        assert room.sweep() == {"pending": 1, "delivered": 0, "undeliverable": 0, "expired": 0, "later": 0}
        assert room.state() == before

    def test_a_request_expires_once(self, room):
        """
        Version, package and people are told that nobody decided; the execution has stopped waiting by itself.
        """
        room.later(days=3)

        assert room.sweep()["expired"] == 1

        assert room.ledger.get_approval(RELEASE)["status"] == "expired"
        assert room.ledger.version("pricing", "hotel-rates", "1.1.0")["approval"] == "expired"
        assert room.packages.approvals[0][1] == "Rejected"
        assert [event["decision"] for event in room.events.of(APPROVAL_DECIDED)] == ["expired"]
        assert room.tokens.outputs == []
        assert sum(room.sweep().values()) == 0

    def test_one_releases_trouble_does_not_keep_the_others_waiting(self, room):
        """
        All are looked at; then the trouble is raised, so that it is seen.
        """
        other = {**room.ledger.approvals[RELEASE], "release_id": "0" * 16, "package_arn": ""}
        room.ledger.approvals["0" * 16] = other
        room.later(days=3)
        room.packages.set_approval = None

        with pytest.raises(SweepIncompleteError) as raised:
            room.sweep()

        assert list(raised.value.failures) == [RELEASE]
        assert room.ledger.get_approval("0" * 16)["settled"] is True
