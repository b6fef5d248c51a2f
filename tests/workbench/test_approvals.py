from __future__ import annotations

import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from tests.usecases.test_trials import AB, TRIAL, Room
from workbench.approvals import (
    NothingWaitsError,
    PageAnswer,
    SeveralWaitError,
    asked_about,
    decide,
    link_of,
    readable,
    release_id_of,
)
from workbench.releases import UnknownReleaseError

LINK = "http://127.0.0.1:1/approvals/0123456789abcdef?a=a%40example.com&e=1&k=k&s=s"


def mail(body: str, to: str = "a@example.com") -> dict[str, str]:
    return {"to": to, "body": body}


class TestLinkOf:
    def test_the_newest_link_of_the_release_is_taken(self):
        """
        After a redrive approval is asked again; the last mail's link counts.
        """
        newer = LINK.replace("e=1", "e=2")

        assert link_of([mail(f"look:\n\n{LINK}\n"), mail(f"{newer}\n")], "0123456789abcdef") == newer

    def test_other_releases_and_approvers_are_passed_over(self):
        """
        A link is for one approver and one release.
        """
        assert link_of([mail(LINK)], "fedcba9876543210") is None
        assert link_of([mail(LINK)], "0123456789abcdef", approver="b@example.com") is None

    def test_anything_else_is_no_approval_link(self):
        """
        Only a whole approval link names a release.
        """
        assert release_id_of("https://example.com/approvals/zz?a=1") is None
        assert release_id_of(LINK) == "0123456789abcdef"


class Page(BaseHTTPRequestHandler):
    """Answers as the approval page does, and keeps the form."""

    forms: ClassVar[list[dict[str, list[str]]]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.forms.append(urllib.parse.parse_qs(body))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html><head><title>t</title></head><body><h1>Decided</h1></body></html>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def page():
    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/approvals/0123456789abcdef?a=1"
    server.shutdown()
    server.server_close()


class TestDecide:
    def test_the_forms_fields_are_sent(self, page):
        """
        Decision, reason and version go as the page's own form sends them.
        """
        answer = decide(page, decision="approved", reason="better & cheaper", version="1.1.0")

        assert (answer.recorded, answer.text) == (True, "Decided")
        assert Page.forms[-1] == {
            "decision": ["approved"],
            "reason": ["better & cheaper"],
            "version": ["1.1.0"],
        }

    def test_a_refusal_keeps_status_and_words(self, page, monkeypatch):
        """
        A second decision is told so, and nothing is raised.
        """
        monkeypatch.setattr(Page, "status", 409)

        answer = decide(page, decision="approved", reason="", version="1.1.0")

        assert (answer.status, answer.recorded, answer.text) == (409, False, "Decided")

    def test_a_refusal_is_told_in_one_line(self):
        """
        The page's heading, then what it says, not glued together.
        """
        text = readable("<body><h1>Too late</h1><p>1.2.0 serves.</p><p>Ask again.</p></body>")

        assert PageAnswer(409, text).sentence == "Too late: 1.2.0 serves. Ask again."


@pytest.fixture
def room() -> Room:
    """A trial of 1.1.0 waits for its approval; the ledger has no release of it any more."""
    room = Room(dict(AB))
    room.propose()
    return room


class TestAskedAbout:
    @pytest.mark.parametrize("name", [None, TRIAL, "hotel-rates", "hotel-rates:1.1.0", "1.1.0"])
    def test_a_trial_that_waits_is_found(self, room: Room, name: str | None) -> None:
        """
        As the only one that waits, by its id as `approval list` shows it, by model and by version.
        """
        assert asked_about(room.ledger, name, None)["release_id"] == TRIAL

    def test_a_trial_is_found_by_the_link_of_its_mail(self, room: Room) -> None:
        """
        Whatever else waits.
        """
        other = dict(room.ledger.approvals[TRIAL]) | {"release_id": "ab" * 8, "version": "2.0.0"}
        room.ledger.approvals["ab" * 8] = other
        link = LINK.replace("0123456789abcdef", TRIAL)

        assert asked_about(room.ledger, None, link)["release_id"] == TRIAL
        with pytest.raises(SeveralWaitError, match="2 wait for a decision"):
            asked_about(room.ledger, "hotel-rates", None)

    def test_a_trial_that_was_decided_is_found_by_its_id(self, room: Room) -> None:
        """
        Its link still shows who decided what.
        """
        room.decide("rejected")

        assert asked_about(room.ledger, TRIAL, None)["status"] == "rejected"
        with pytest.raises(NothingWaitsError):
            asked_about(room.ledger, None, None)
        with pytest.raises(UnknownReleaseError):
            asked_about(room.ledger, "1.1.0", None)
