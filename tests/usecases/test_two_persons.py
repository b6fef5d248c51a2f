"""Where two people must approve, one alone never puts anything into production."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from slipway.contracts.events import APPROVAL_DECIDED, APPROVAL_GIVEN
from slipway.domain.approval import TooFewApproversError
from tests.fakes.approval_room import ANA, BEN, FOLDER, RELEASE, ApprovalRoom

CLEO = "cleo@example.com"


@pytest.fixture
def room() -> ApprovalRoom:
    asked = ApprovalRoom(approvers={"*": [ANA, BEN, CLEO]}, rules={"*": {"persons": 2}})
    asked.ask()
    return asked


class TestTwoPersons:
    def test_the_first_approval_puts_nothing_into_production(self, room):
        """
        It is kept, shown and told; the execution goes on waiting.
        """
        answer = room.post(room.link(ANA), reason="better everywhere")

        assert answer.status == 200
        assert "1 of 2: ana@example.com approved on 2026-11-22 14:00 UTC" in answer.html
        assert room.tokens.outputs == []
        assert room.packages.approvals == []
        record = room.ledger.get_approval(RELEASE)
        assert (record["status"], len(record["decisions"])) == ("pending", 1)
        [event] = room.events.of(APPROVAL_GIVEN)
        assert (event["approver"], event["given"], event["persons"]) == (ANA, 1, 2)
        assert "1 of 2: ana@example.com approved" in room.get(room.link(BEN)).html

    @pytest.mark.parametrize(("first", "second"), [(ANA, BEN), (BEN, ANA), (CLEO, ANA)])
    def test_the_second_persons_approval_decides(self, room, first, second):
        """
        In any order; who decided last is named, after whom as well.
        """
        room.post(room.link(first))
        room.post(room.link(second))

        [(_, output)] = room.tokens.outputs
        assert (output["decision"], output["approver"]) == ("approved", second)
        [event] = room.events.of(APPROVAL_DECIDED)
        assert event["decision"] == "approved"
        assert f"after {first} had approved it" in room.packages.approvals[0][2]

    def test_one_person_does_not_count_twice(self, room):
        """
        Not by a second form either.
        """
        room.post(room.link(ANA))
        answer = room.post(room.link(ANA))

        assert answer.status == 409
        assert "Somebody else than ana@example.com must approve as well" in answer.html
        assert len(room.ledger.get_approval(RELEASE)["decisions"]) == 1
        assert room.tokens.outputs == []

    @pytest.mark.parametrize("who", [ANA, BEN])
    def test_a_rejection_by_anyone_ends_it(self, room, who):
        """
        Even by who had approved before.
        """
        room.post(room.link(ANA))
        room.post(room.link(who), "rejected", "worse at night")

        assert [output["decision"] for _, output in room.tokens.outputs] == ["rejected"]
        assert room.post(room.link(CLEO)).status == 409

    def test_of_many_at_once_exactly_one_decision_reaches_the_workflow(self, room):
        """
        Three people approve in the same moment: two count, and one of them decides.
        """
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda who: room.post(room.link(who)), [ANA, BEN, CLEO]))

        assert sorted(answer.status for answer in answers) == [200, 200, 409]
        assert [output["decision"] for _, output in room.tokens.outputs] == ["approved"]
        assert len(room.ledger.get_approval(RELEASE)["decisions"]) == 2

    def test_after_a_redrive_both_are_asked_anew(self, room):
        """
        What was approved before the redrive stays on record and does not count.
        """
        room.post(room.link(ANA))
        room.later(minutes=5).ask("token-2", redrive=1)
        room.post(room.link(BEN))

        assert room.ledger.get_approval(RELEASE)["status"] == "pending"
        room.post(room.link(ANA))
        assert room.ledger.get_approval(RELEASE)["status"] == "approved"
        assert len(room.ledger.get_approval(RELEASE)["decisions"]) == 3

    def test_one_approval_is_not_enough_when_time_runs_out(self, room):
        """
        The request expires as if nobody had decided.
        """
        room.post(room.link(ANA))
        room.later(days=3).sweep()

        assert room.ledger.get_approval(RELEASE)["status"] == "expired"
        assert room.tokens.outputs == []

    def test_nobody_approves_for_two_in_studio(self, room):
        """
        A profile's name is no e-mail address: an approval there is set back, a rejection holds.
        """
        room.packages.change("ModelApprovalStatus", by="ana", approval="Approved", description="fine")

        assert room.take_in()[0] == "set back"
        assert room.packages.held.approval == "PendingManualApproval"
        assert room.tokens.outputs == []
        room.packages.change("ModelApprovalStatus", by="ana", approval="Rejected", description="no")
        room.take_in()
        assert room.ledger.get_approval(RELEASE)["status"] == "rejected"

    def test_the_page_says_that_two_must_approve(self, room):
        """
        Before anybody has approved, and in the message with the link.
        """
        assert "Two different people must approve" in room.get(room.link(ANA)).html
        assert "two different people must approve" in " ".join(room.mailer.sent[0][2].split())


class TestManifestAsksForTwo:
    def test_it_holds_where_the_environment_asks_for_one(self):
        """
        A manifest may ask for more.
        """
        room = ApprovalRoom()
        room.ask(manifest={"approval": {"persons": 2}})
        room.post(room.link(ANA))

        assert room.ledger.get_approval(RELEASE)["status"] == "pending"

    def test_two_spellings_of_one_mailbox_are_not_two_people(self):
        """
        Asking is refused where no two people could ever approve.
        """
        room = ApprovalRoom(approvers={"*": [ANA, ANA.upper()]})

        with pytest.raises(TooFewApproversError, match="name more under"):
            room.ask(manifest={"approval": {"persons": 2}})


class TestEvidenceIsNamed:
    def test_a_decision_holds_the_digest_of_the_report(self, room):
        """
        What each person decided on can be told by the report's bytes.
        """
        shown = room.reports.files[f"{FOLDER}/report.json"].encode()
        room.post(room.link(ANA))

        [decision] = room.ledger.get_approval(RELEASE)["decisions"]
        assert decision["report_digest"] == f"sha256:{hashlib.sha256(shown).hexdigest()}"

    def test_a_link_is_for_one_report(self, room):
        """
        The digest is signed: with another one in the record the link is not ours.
        """
        link = room.link(ANA)
        room.ledger.approvals[RELEASE]["report_digest"] = "sha256:" + "0" * 64

        assert room.get(link).status == 404

    def test_links_of_requests_without_a_digest_go_on_working(self, room):
        """
        What was asked before digests were kept can still be decided.
        """
        room = ApprovalRoom()
        room.reports.files.clear()
        room.ask()
        del room.ledger.approvals[RELEASE]["report_digest"]

        assert room.post(room.link(ANA)).status == 200
