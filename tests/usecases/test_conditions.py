"""Approve with conditions: recorded, handed to the execution, told, and shown."""

from __future__ import annotations

import html

from slipway.contracts.events import APPROVAL_DECIDED
from tests.fakes.approval_room import ANA, BEN, RELEASE, ApprovalRoom

CANARY = {"strategy": "canary", "share": "10"}


class TestConditions:
    def test_the_execution_gets_them(self):
        """
        What was approved with conditions goes on under them: record, output, event and page say the same.
        """
        room = ApprovalRoom()
        room.ask()

        answer = room.post(room.link(), **CANARY)

        wanted = {"strategy": "canary", "share": 0.1}
        assert answer.status == 200
        assert room.ledger.approvals[RELEASE]["conditions"] == wanted
        assert room.ledger.approvals[RELEASE]["decisions"][0]["conditions"] == wanted
        assert room.tokens.outputs[-1][1]["conditions"] == wanted
        told = next(detail for kind, detail in room.events.emitted if kind == APPROVAL_DECIDED)
        assert told["conditions"] == "canary, 10 %"
        assert "on condition of canary, 10 %" in room.get(room.link()).html

    def test_without_any_the_execution_hears_of_none(self):
        """
        The manifest's strategy counts then.
        """
        room = ApprovalRoom()
        room.ask()

        room.post(room.link())

        assert "conditions" not in room.tokens.outputs[-1][1]

    def test_settings_refuse_what_they_do_not_allow(self):
        """
        Nothing is recorded, and the form comes back with what may be chosen.
        """
        room = ApprovalRoom(policy={"strategies": ["canary"], "max_share": 0.05})
        room.ask()

        answer = room.post(room.link(), **CANARY)

        assert answer.status == 422
        assert "at most 5 %" in answer.html
        assert 'value="ab"' not in answer.html
        assert room.ledger.approvals[RELEASE]["status"] == "pending"

    def test_two_people_approve_the_same(self):
        """
        The second finds the first's conditions in the form; under others the approval does not count.
        """
        room = ApprovalRoom(rules={"*": {"persons": 2}})
        room.ask()
        assert room.post(room.link(ANA), **CANARY).status == 200

        page = room.get(room.link(BEN)).html
        assert 'value="canary" selected' in page
        assert 'value="10"' in page
        assert "on condition of canary, 10 %" in page
        assert room.post(room.link(BEN)).status == 409
        assert room.ledger.approvals[RELEASE]["status"] == "pending"

        assert room.post(room.link(BEN), **CANARY).status == 200
        assert room.tokens.outputs[-1][1]["conditions"] == {"strategy": "canary", "share": 0.1}

    def test_what_the_version_can_not_have_is_said_before_it_is_recorded(self):
        """
        One instance can't be moved in parts: else the approval would stand, and its promotion fail.
        """
        room = ApprovalRoom()
        version = room.ledger.registered["pricing", "hotel-rates", "1.1.0"]
        version["manifest"]["serving"] |= {"instance_count": 1, "min_instances": 1}
        room.ask()

        answer = room.post(room.link(), **CANARY)

        assert answer.status == 422
        assert "moves at most half of the instances at once" in html.unescape(answer.html)
        assert room.ledger.approvals[RELEASE]["status"] == "pending"
        assert room.post(room.link()).status == 200
