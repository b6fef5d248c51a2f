from __future__ import annotations

import pytest

from slipway.contracts.events import APPROVAL_REQUESTED
from slipway.domain.approval import NoApproversError
from slipway.usecases.tell_approvers import ApproversNotToldError
from tests.fakes.approval_room import ANA, BEN, DIGEST, FOLDER, RELEASE, ApprovalRoom


@pytest.fixture
def room() -> ApprovalRoom:
    return ApprovalRoom()


def told(room: ApprovalRoom) -> list[str]:
    return [recipient for recipient, _, _ in room.mailer.sent]


class TestRequestApproval:
    def test_each_approver_gets_an_own_link(self, room):
        """
        One message each, and no link of one is in the message of another.
        """
        outcome = room.ask()

        assert outcome == {"release_id": RELEASE, "status": "pending", "told": [ANA, BEN], "not_told": []}
        assert told(room) == [ANA, BEN]
        assert room.link(ANA) != room.link(BEN)
        assert {room.get(room.link(approver)).status for approver in (ANA, BEN)} == {200}

    def test_the_message_has_the_evidence(self, room):
        """
        Five numbers, verdict, data versions, digest and cost, in ASCII, the link on its own.
        """
        room.ask()
        _, subject, text = room.mailer.sent[0]

        assert subject == "[prod] Approval wanted: pricing/hotel-rates 1.1.0 (mae 31.20, champion 33.04)"
        assert text.isascii()
        for part in ("31.20", "33.04", "-1.84", "better than the", "hotel-rates 1.1.0", "FIVE NUMBERS",
                     DIGEST, "84 USD a month", "2026-11-25 13:59 UTC", RELEASE):  # fmt: skip
            assert part in text, part
        assert room.link() in text.splitlines()
        assert max(len(line) for line in text.splitlines() if "://" not in line) <= 90

    def test_a_projects_own_approvers_are_asked(self, room):
        """
        Those named for the project, else those named for all.
        """
        room.approvers = {"pricing": ["cy@example.com"], "*": [ANA]}

        room.ask()

        assert told(room) == ["cy@example.com"]

    def test_nobody_to_ask_is_an_error(self, room):
        """
        A release that nobody may approve must not wait for days.
        """
        room.approvers = {"other": [ANA]}

        with pytest.raises(NoApproversError):
            room.ask()
        assert room.ledger.get_approval(RELEASE) is None

    def test_the_release_is_awaiting_approval(self, room):
        """
        The ledger says what the release waits for, and chat is told, without any link.
        """
        room.ask()

        assert room.ledger.release(RELEASE)["status"] == "awaiting-approval"
        [event] = room.events.of(APPROVAL_REQUESTED)
        assert event["approvers"] == [ANA, BEN]
        assert "?a=" not in str(event)

    def test_a_bus_that_is_away_does_not_stop_the_release(self, room):
        """
        The approvers have been told; chat is not worth a failed release.
        """
        room.events.trouble = ConnectionError("away")

        assert room.ask()["told"] == [ANA, BEN]

    def test_without_the_report_the_document_is_evidence_enough(self, room):
        """
        The message goes out even if the report can't be read.
        """
        del room.reports.files[f"{FOLDER}/report.json"]

        room.ask()

        assert "(mae 31.20, champion 33.04)" in room.mailer.sent[0][1]


class TestRetries:
    def test_a_retry_replaces_the_token_and_tells_nobody_twice(self, room):
        """
        The link that was mailed works on, and the new attempt gets the decision.
        """
        room.ask("token-1")
        link = room.link()
        room.tokens.waiting.clear()

        outcome = room.later(seconds=9).ask("token-2")

        assert outcome["told"] == []
        assert told(room) == [ANA, BEN]
        assert len(room.events.of(APPROVAL_REQUESTED)) == 1
        assert room.post(link).status == 200
        assert [token for token, _ in room.tokens.outputs] == ["token-2"]

    def test_a_retry_tells_those_who_are_left(self, room):
        """
        Who could not be reached at first is told by the next attempt, alone.
        """
        room.mailer.broken = {BEN}
        assert room.ask("token-1")["not_told"] == [BEN]
        room.mailer.broken = set()

        assert room.ask("token-2")["told"] == [BEN]
        assert told(room) == [ANA, BEN]

    def test_if_nobody_can_be_told_the_step_fails(self, room):
        """
        One approver is enough to go on; none is not.
        """
        room.mailer.broken = {ANA, BEN}

        with pytest.raises(ApproversNotToldError, match="can't be reached"):
            room.ask()

    def test_a_redrive_asks_again_and_says_so(self, room):
        """
        Everybody gets a new link with a new expiry; the old one works until it expires.
        """
        room.ask("token-1", redrive=0)
        old = room.link()

        outcome = room.later(days=2).ask("token-2", redrive=1)

        assert outcome["told"] == [ANA, BEN]
        _, subject, text = room.mailer.sent[-1]
        assert "Approval wanted again" in subject
        assert "You are asked again" in text
        assert room.link() != old
        assert {room.get(link).status for link in (old, room.link())} == {200}
        room.later(days=2)
        assert (room.get(old).status, room.get(room.link()).status) == (410, 200)

    def test_who_is_asked_for_the_first_time_is_not_told_of_an_earlier_one(self, room):
        """
        A redrive of a step that had failed before anybody was told is no second request.
        """
        room.ask("token-1", redrive=1)

        assert "again" not in room.mailer.sent[0][1] + room.mailer.sent[0][2]

    def test_a_request_that_had_expired_is_asked_anew(self, room):
        """
        An attempt after the expiry opens the request again.
        """
        room.ask("token-1")
        room.later(days=4).sweep()

        assert room.ask("token-2", redrive=1)["told"] == [ANA, BEN]
        assert room.post(room.link()).status == 200
        assert room.tokens.outputs[-1][0] == "token-2"

    def test_a_decision_that_exists_goes_to_the_new_attempt(self, room):
        """
        Nobody is asked twice what has been decided; the sweep hands it to the new token.
        """
        room.ask("token-1")
        room.post(room.link())

        outcome = room.ask("token-2", redrive=1)

        assert (outcome["status"], outcome["told"]) == ("approved", [])
        assert room.sweep()["delivered"] == 1
        assert [token for token, _ in room.tokens.outputs] == ["token-1", "token-2"]
