"""What the sweep does for requests that wait: reminds, asks the second list, asks anew."""

from __future__ import annotations

import pytest

from slipway.contracts.events import APPROVAL_DECIDED
from tests.fakes.approval_room import ANA, BEN, RELEASE, ApprovalRoom, report

HEAD = "head@example.com"


@pytest.fixture
def room() -> ApprovalRoom:
    rules = {"persons": 2, "reminder_hours": 24, "escalation_hours": 48, "escalation": [HEAD]}
    asked = ApprovalRoom(rules={"pricing": rules})
    asked.ask()
    asked.mailer.sent.clear()
    return asked


def subjects(room: ApprovalRoom) -> list[tuple[str, str]]:
    return [(to, subject.partition(": ")[0]) for to, subject, _ in room.mailer.sent]


class TestReminder:
    def test_nobody_is_reminded_early(self, room):
        """
        A minute before the hour nothing is sent.
        """
        room.later(hours=23, minutes=59).sweep()

        assert room.mailer.sent == []

    def test_all_are_reminded_once(self, room):
        """
        With the link they have already; further sweeps are silent.
        """
        for _ in range(3):
            room.later(hours=24 if not room.mailer.sent else 1).sweep()

        wanted = "[prod] Reminder, approval wanted"
        assert subjects(room) == [(ANA, wanted), (BEN, wanted)]
        assert "the only one" in room.mailer.sent[0][2]
        assert room.get(room.link(ANA)).status == 200
        assert room.ledger.get_approval(RELEASE)["reminded_at"] == "2026-11-23T14:00:00.000Z"

    def test_who_has_approved_is_left_in_peace(self, room):
        """
        Only the others are reminded.
        """
        fresh = ApprovalRoom(rules=room.rules)
        fresh.ask()
        fresh.post(fresh.link(ANA))
        fresh.mailer.sent.clear()
        fresh.later(hours=24).sweep()

        assert [to for to, _ in subjects(fresh)] == [BEN]

    def test_a_redrive_begins_anew(self, room):
        """
        After it, the hours count from the new request.
        """
        room.later(hours=24).sweep()
        room.later(hours=1).ask("token-2", redrive=1)
        room.mailer.sent.clear()
        room.sweep()
        assert room.mailer.sent == []

        room.later(hours=24).sweep()
        assert [to for to, _ in subjects(room)] == [ANA, BEN]

    def test_nobody_is_reminded_without_a_rule(self):
        """
        The default is silence.
        """
        room = ApprovalRoom()
        room.ask()
        room.mailer.sent.clear()
        room.later(hours=70).sweep()

        assert room.mailer.sent == []


class TestEscalation:
    def test_the_second_list_is_asked_once_and_may_decide(self, room):
        """
        Their approval counts as anybody's.
        """
        room.later(hours=48)
        room.sweep()
        room.sweep()

        assert [to for to, _ in subjects(room)].count(HEAD) == 2  # asked, and reminded with the others
        room.post(room.link(HEAD))
        room.post(room.link(HEAD))
        assert room.tokens.outputs == []
        room.post(room.link(ANA))
        assert [output["decision"] for _, output in room.tokens.outputs] == ["approved"]

    def test_they_may_not_decide_before(self, room):
        """
        Nor is there a link for them.
        """
        room.later(hours=47).sweep()

        assert HEAD not in room.ledger.get_approval(RELEASE)["approvers"]
        assert HEAD not in [to for to, _ in subjects(room)]

    def test_who_is_taken_off_the_list_may_decide_no_more(self, room):
        """
        As with approvers: today's settings say who may.
        """
        room.later(hours=48).sweep()
        link = room.link(HEAD)
        assert room.get(link).status == 200

        room.rules["pricing"]["escalation"] = ["other@example.com"]
        assert room.get(link).status == 404

    def test_all_who_were_asked_hear_that_it_expired(self, room):
        """
        The event names the second list too.
        """
        room.later(hours=48).sweep()
        room.later(hours=24).sweep()

        [event] = room.events.of(APPROVAL_DECIDED)
        assert event["decision"] == "expired"
        assert set(event["asked"]) == {ANA, BEN, HEAD}


class TestChangedReport:
    def test_the_page_says_so_and_approves_nothing(self, room):
        """
        Until the sweep has asked anew, one can only reject.
        """
        link = ask_and_change(room)

        page = room.get(link)
        assert page.status == 200
        assert "The report was changed since you were asked" in page.html
        assert room.post(link).status == 409
        assert room.ledger.get_approval(RELEASE).get("decisions") == []

    def test_all_are_asked_anew_and_the_old_link_says_why_it_is_dead(self, room):
        """
        The change stands in the record; the new link shows and approves the new report.
        """
        old = ask_and_change(room)
        was = room.ledger.get_approval(RELEASE)["report_digest"]
        room.mailer.sent.clear()
        room.sweep()
        room.sweep()

        wanted = "[prod] Approval wanted again"
        assert subjects(room) == [(ANA, wanted), (BEN, wanted)]
        record = room.ledger.get_approval(RELEASE)
        assert [change["report_digest"] for change in record["report_changes"]] == [was]
        answer = room.post(old)
        assert (answer.status, "The evidence was changed" in answer.html) == (409, True)
        assert room.get(old).status == 409
        assert room.post(room.link(ANA)).status == 200

    def test_what_was_approved_before_does_not_count(self, room):
        """
        One approval of the old report and one of the new are not two.
        """
        fresh = ApprovalRoom(rules=room.rules)
        fresh.ask()
        fresh.post(fresh.link(ANA))
        fresh.write_report(report(summary="another one"))
        fresh.sweep()
        fresh.post(fresh.link(BEN))

        assert fresh.tokens.outputs == []
        fresh.post(fresh.link(ANA))
        assert [output["decision"] for _, output in fresh.tokens.outputs] == ["approved"]

    def test_a_report_that_is_lost_can_be_rejected_only(self):
        """
        Nobody approves what can't be shown.
        """
        fresh = ApprovalRoom()
        fresh.ask()
        fresh.reports.files.clear()

        assert fresh.post(fresh.link(ANA)).status == 409
        assert fresh.post(fresh.link(ANA), "rejected", "the report is lost").status == 200


def ask_and_change(room: ApprovalRoom) -> str:
    """Ana's link to a report that is changed afterwards."""
    room.ledger.approvals.clear()
    room.ask()
    link = room.link(ANA)
    room.write_report(report(summary="another one"))
    return link
