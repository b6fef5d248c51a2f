"""Where models are tried, settings may approve: at once, in nobody's name, and marked so everywhere."""

from __future__ import annotations

import pytest

from slipway.contracts.events import APPROVAL_DECIDED
from slipway.domain.approval import AUTOMATIC, sentence_of
from slipway.domain.notices import notice_of
from tests.fakes.approval_room import PACKAGE, RELEASE, ApprovalRoom

RULES = {"*": {"automatic": True}}


class TestAutomaticApproval:
    def test_nobody_is_asked(self):
        """
        The execution goes on, no link is mailed, and record, version and package say by what.
        """
        room = ApprovalRoom(rules=RULES)
        outcome = room.ask(environment="dev")

        assert outcome["status"] == "approved"
        assert room.tokens.outputs[-1][1]["approver"] == AUTOMATIC
        assert room.mailer.sent == []
        record = room.ledger.approvals[RELEASE]
        assert record["decisions"][0]["decided_by"] == AUTOMATIC
        assert sentence_of(record).startswith("Approved automatically on")
        assert room.packages.approvals[-1][:2] == (PACKAGE, "Approved")

    def test_everybody_is_told_that_nobody_looked(self):
        """
        The notice does not read like a person's.
        """
        room = ApprovalRoom(rules=RULES)
        room.ask(environment="dev")

        detail = next(detail for kind, detail in room.events.emitted if kind == APPROVAL_DECIDED)
        notice = notice_of(APPROVAL_DECIDED, detail, region="eu-west-1")
        assert "nobody looked at it" in notice.lead
        assert "approved by automatic approval" in notice.headline

    @pytest.mark.parametrize(
        ("environment", "rules", "word"),
        [
            ("prod", RULES, "better"),
            ("stage", RULES, "better"),
            ("dev", {"*": {"automatic": True, "persons": 2}}, "better"),
            ("dev", RULES, "undecided"),
            ("dev", {"*": {"automatic": True}, "pricing": {"reminder_hours": 1}}, "better"),
        ],
    )
    def test_people_are_asked_elsewhere(self, environment, rules, word):
        """
        In production, where two must approve, what the rows left undecided, and under a project's own rules.
        """
        room = ApprovalRoom(rules=rules)
        room.verdict["word"] = word
        outcome = room.ask(environment=environment)

        assert outcome["status"] == "pending"
        assert room.mailer.sent

    def test_execution_that_does_not_listen_gets_it_from_the_sweep(self):
        """
        The decision is in the ledger first.
        """
        room = ApprovalRoom(rules=RULES)
        room.tokens.trouble = ConnectionError("throttled")
        room.ask(environment="dev")
        room.tokens.trouble = None

        assert room.ledger.approvals[RELEASE]["status"] == "approved"
        room.later(minutes=2).sweep()
        assert room.tokens.outputs[-1][1]["decision"] == "approved"
