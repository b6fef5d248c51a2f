from __future__ import annotations

import pytest

from tests.fakes.approval_room import RELEASE, ApprovalRoom


def serve(room: ApprovalRoom, version: str) -> None:
    """One more version comes to serve."""
    subject = {"project": "pricing", "model": "hotel-rates", "alias": "champion", "release_id": "r"}
    now = room.ledger.alias("pricing", "hotel-rates", "champion") or {"revision": 0}
    revision = now["revision"] + 1
    moved = {"revision": revision, "moved_at": f"2026-11-22T0{revision}:00:00.000Z"}
    assert room.ledger.move_alias({**subject, **moved, "version": version})


@pytest.fixture
def room() -> ApprovalRoom:
    """1.1.0 was compared with 1.0.0, and waits."""
    asked = ApprovalRoom()
    asked.ask()
    serve(asked, "1.0.0")
    return asked


class TestSuccessorPages:
    def test_the_page_says_what_serves_by_now(self, room: ApprovalRoom) -> None:
        """An approver sees that another version came to serve since the evidence was gathered."""
        before = room.get(room.link()).html
        assert ("serves by now" in before, "Approve 1.1.0" in before) == (False, True)

        serve(room, "1.2.0")

        page = room.get(room.link())
        assert page.status == 200
        assert ("Approve 1.1.0" in page.html, "Reject 1.1.0" in page.html) == (False, True)
        assert "1.2.0 serves by now, and its evidence compares it with 1.0.0." in page.html

    def test_approval_of_a_superseded_version(self, room: ApprovalRoom) -> None:
        """It is refused with words, recorded nowhere, and told to nobody."""
        serve(room, "1.2.0")
        before = room.state()

        answer = room.post(room.link(), "approved")

        assert answer.status == 409
        assert "1.2.0 serves by now" in answer.html
        assert answer.html.count("1.2.0 serves by now") == 1
        assert "push it under a version above 1.2.0" in answer.html
        assert room.state() == before

    def test_a_higher_version_is_compared_anew(self, room: ApprovalRoom) -> None:
        """It needs no other number: the same image is judged beside what serves by now."""
        serve(room, "1.0.1")

        answer = room.post(room.link(), "approved")

        assert answer.status == 409
        assert "`slipway release start pricing/hotel-rates:1.1.0 --again`" in answer.html
        assert "push it" not in answer.html

    def test_rejection_of_a_superseded_version(self, room: ApprovalRoom) -> None:
        """Rejecting it stays possible: the release ends and its number is free."""
        serve(room, "1.2.0")

        assert room.post(room.link(), "rejected", "1.2.0 is better").status == 200
        assert room.ledger.get_approval(RELEASE)["status"] == "rejected"

    def test_form_with_mistakes(self, room: ApprovalRoom) -> None:
        """Beside the mistakes the page says what serves as well."""
        serve(room, "1.2.0")

        answer = room.post(room.link(), "approved", version="9.9.9")

        assert answer.status == 422
        assert "1.2.0 serves by now" in answer.html

    def test_decided_before(self, room: ApprovalRoom) -> None:
        """Who looks at a decided release later is not warned of its successors."""
        assert room.post(room.link(), "approved").status == 200
        serve(room, "1.2.0")

        assert "serves by now" not in room.get(room.link()).html

    def test_request_that_names_no_champion(self, room: ApprovalRoom) -> None:
        """A request from before that was kept can be approved, unless a newer version serves."""
        del room.ledger.approvals[RELEASE]["judged_against"]
        assert "serves by now" not in room.get(room.link()).html

        serve(room, "1.2.0")

        assert room.post(room.link(), "approved").status == 409
