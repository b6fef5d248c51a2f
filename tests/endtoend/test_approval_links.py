"""An approval link shows by GET and decides by POST, once, for one approver."""

from __future__ import annotations

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench import approvals

pytestmark = pytest.mark.endtoend

GETS = 50


def get(url):
    """Status, headers and body of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


@pytest.fixture(scope="module")
def waiting(laptop):
    """A release that waits for a decision."""
    laptop.put_numbers("links")
    laptop.push(laptop.model("links"), "1.0.0")
    release = laptop.release("links/tiny:1.0.0")
    return laptop.reach(release, "awaiting-approval")


class TestLinks:
    def test_looking_changes_nothing(self, laptop, waiting):
        """
        50 GETs, as mail scanners send them, leave the approval as it was.
        """
        before = laptop.ledger.get_approval(waiting["release_id"])
        with ThreadPoolExecutor(8) as pool:
            statuses = [status for status, _, _ in pool.map(get, [laptop.link(waiting)] * GETS)]

        assert set(statuses) == {200}
        assert laptop.ledger.get_approval(waiting["release_id"]) == before

    def test_the_page_may_not_be_kept_framed_or_leak(self, laptop, waiting):
        """
        No store, no referrer, no frame, no script.
        """
        _, headers, _ = get(laptop.link(waiting))

        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]

    @pytest.mark.parametrize("place", ["a=", "e=", "k=", "s="])
    def test_a_tampered_link_is_not_there(self, laptop, waiting, place):
        """
        One changed character in any part: the same 404 as for anything unknown.
        """
        link = laptop.link(waiting)
        at = link.index(place, link.index("?")) + len(place)
        tampered = link[:at] + ("1" if link[at] != "1" else "2") + link[at + 1 :]
        unknown = link.replace(waiting["release_id"], "0" * 16)

        assert get(tampered)[0] == 404
        assert get(tampered)[2] == get(unknown)[2]

    def test_another_releases_link_does_not_fit(self, laptop, waiting):
        """
        A signature is bound to its release.
        """
        laptop.push(laptop.model("links", bias="0.5"), "1.1.0")
        other = laptop.release("links/tiny:1.1.0")
        laptop.reach(other, "awaiting-approval")
        foreign = laptop.link(other).replace(other["release_id"], waiting["release_id"])

        assert get(foreign)[0] == 404

    def test_the_version_must_be_typed(self, laptop, waiting):
        """
        A form without the right version decides nothing.
        """
        answer = approvals.decide(laptop.link(waiting), decision="approved", reason="", version="9.9.9")

        assert answer.status == 422
        assert laptop.ledger.get_approval(waiting["release_id"])["status"] == "pending"

    def test_of_two_decisions_at_once_one_wins(self, laptop, waiting):
        """
        Two concurrent POSTs: one is recorded, the other is told who decided; later ones too.
        """

        def send(decision):
            return approvals.decide(
                laptop.link(waiting), decision=decision, reason="raced", version=waiting["version"]
            )

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(send, ["approved", "rejected"]))

        assert sorted(answer.status for answer in answers) == [200, 409]
        winner = laptop.reach(waiting, "deployed", "rejected")
        assert send("approved").status == 409
        assert winner["status"] in ("deployed", "rejected")
