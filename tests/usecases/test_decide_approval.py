from __future__ import annotations

import threading

import pytest

from slipway.contracts.events import APPROVAL_DECIDED
from slipway.domain.approval import closed_at
from slipway.domain.web_page import unknown_answer
from tests.fakes.approval_room import ANA, BEN, PACKAGE, RELEASE, ApprovalRoom


@pytest.fixture
def room() -> ApprovalRoom:
    asked = ApprovalRoom()
    asked.ask()
    return asked


class TestDecideApproval:
    def test_an_approval_reaches_everybody(self, room):
        """
        Ledger, version, model package, execution and event bus all hear the same decision.
        """
        answer = room.post(room.link(), reason="better everywhere")

        assert answer.status == 200
        decision = {
            "decision": "approved",
            "approver": ANA,
            "reason": "better everywhere",
            "decided_at": "2026-11-22T14:00:00.000Z",
        }
        assert room.tokens.outputs == [("token-1", decision)]
        [(arn, status, description)] = room.packages.approvals
        assert (arn, status) == (PACKAGE, "Approved")
        assert description.startswith("ana@example.com approved this release")
        assert room.ledger.version("pricing", "hotel-rates", "1.1.0")["approval"] == "approved"
        [event] = room.events.of(APPROVAL_DECIDED)
        assert (event["decision"], event["approver"], event["version"]) == ("approved", ANA, "1.1.0")
        record = room.ledger.get_approval(RELEASE)
        assert (record["status"], record["delivered"], record["settled"]) == ("approved", True, True)
        assert (record["source_ip"], record["user_agent"]) == ("192.0.2.7", "a browser")

    def test_a_rejection_lets_the_execution_go_on_as_well(self, room):
        """
        Rejecting is a result, not a failure: the task succeeds with the decision.
        """
        assert room.post(room.link(), "rejected", "worse at night").status == 200

        assert room.tokens.outputs[0][1]["decision"] == "rejected"
        assert room.packages.approvals[0][1] == "Rejected"
        assert room.ledger.version("pricing", "hotel-rates", "1.1.0")["approval"] == "rejected"

    def test_the_package_is_approved_before_the_execution_goes_on(self, room):
        """
        The promotion that follows at once refuses a package that nobody has approved.
        """
        room.post(room.link())

        assert room.packages.waiting_then == [1]

    def test_the_ledger_forgets_the_task_token(self, room):
        """
        A token that was used has no business anywhere.
        """
        assert room.ledger.approval_token(RELEASE) == "token-1"

        room.post(room.link())

        assert room.ledger.approval_token(RELEASE) == ""

    def test_no_page_and_no_mail_holds_the_task_token(self, room):
        """
        The task token never leaves the ledger but to Step Functions.
        """
        pages = [room.get(room.link()).html, room.post(room.link()).html, room.get(room.link()).html]

        assert not [text for text in (*pages, *(str(mail) for mail in room.mailer.sent)) if "token-1" in text]

    def test_the_second_decision_is_told_of_the_first(self, room):
        """
        A release is decided once; who comes second learns who was first.
        """
        room.post(room.link(ANA))
        before = room.state()

        answer = room.post(room.link(BEN), "rejected", "no")

        assert answer.status == 409
        assert "ana@example.com approved" in answer.html
        assert room.state() == before

    def test_of_two_at_the_same_time_one_wins(self):
        """
        However two forms race, one is recorded and delivered, and the other is told.
        """
        for _ in range(20):
            room = ApprovalRoom()
            room.ask()
            together = threading.Barrier(2)
            answers: dict[str, int] = {}

            def send(
                approver: str,
                decision: str,
                room: ApprovalRoom = room,
                together: threading.Barrier = together,
                answers: dict[str, int] = answers,
            ) -> None:
                together.wait()
                answers[approver] = room.post(room.link(approver), decision, "because").status

            threads = [
                threading.Thread(target=send, args=pair) for pair in ((ANA, "approved"), (BEN, "rejected"))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert sorted(answers.values()) == [200, 409]
            winner = next(approver for approver, status in answers.items() if status == 200)
            assert [output["approver"] for _, output in room.tokens.outputs] == [winner]
            assert len(room.events.of(APPROVAL_DECIDED)) == len(room.packages.approvals) == 1

    @pytest.mark.parametrize(
        ("decision", "reason", "version", "field"),
        [
            ("", "", "1.1.0", "decision"),
            ("expired", "", "1.1.0", "decision"),
            ("rejected", "", "1.1.0", "reason"),
            ("approved", "", "", "version"),
            ("approved", "", "1.0.0", "version"),
            ("approved", "x" * 1001, "1.1.0", "reason"),
        ],
    )
    def test_a_form_with_a_mistake_is_shown_again(self, room, decision, reason, version, field):
        """
        Nothing is recorded; the page names the field, keeps what was typed, and answers 422.
        """
        before = room.state()

        answer = room.post(room.link(), decision, reason, version)

        assert answer.status == 422
        assert f'id="{field}-problem"' in answer.html
        assert "Nothing was recorded yet" in answer.html
        assert room.state() == before

    def test_what_was_typed_is_shown_again_as_text(self, room):
        """
        A reason with markup in it stays a reason.
        """
        answer = room.post(room.link(), "rejected", "</textarea><script>x</script>", '"><b>')

        assert answer.status == 422
        assert "<script>" not in answer.html
        assert "&lt;/textarea&gt;&lt;script&gt;x" in answer.html
        assert "<b>&quot;" not in answer.html

    def test_a_tampered_link_decides_nothing(self, room):
        """
        POST refuses what GET refuses, with the same answer.
        """
        before = room.state()

        answer = room.post(room.link().replace("ana%40", "ben%40"))

        assert answer == unknown_answer()
        assert room.state() == before

    def test_who_is_no_approver_any_more_decides_nothing(self, room):
        """
        An approver who was removed after the mail had gone out gets the same 404 as any stranger.
        """
        link = room.link(ANA)
        room.approvers = {"*": [BEN]}
        before = room.state()

        answer = room.post(link)

        assert (answer.status, answer.html) == (404, unknown_answer().html)
        assert room.state() == before

    def test_an_expired_link_decides_nothing(self, room):
        """
        Too late is too late, even if the sweep has not been there yet.
        """
        link = room.link()
        before = room.later(days=3).state()

        assert room.post(link).status == 410
        assert room.state() == before

    def test_a_request_that_expires_in_between_is_not_decided(self, room):
        """
        The ledger's own condition has the last word on time.
        """
        link = room.link()
        room.ledger.approvals[RELEASE]["expires_at_epoch"] = int(room.now.timestamp())

        assert room.post(link).status == 409
        assert room.tokens.outputs == []


class TestDelivery:
    def test_a_decision_that_could_not_be_sent_stands(self, room):
        """
        When Step Functions can't be reached the approver is done all the same: the sweep sends it again.
        """
        room.tokens.trouble = ConnectionError("throttled")

        answer = room.post(room.link())

        assert answer.status == 200
        assert "within minutes" in answer.html
        assert room.ledger.get_approval(RELEASE)["status"] == "approved"
        assert room.ledger.get_approval(RELEASE)["delivered"] is False
        room.tokens.trouble = None
        assert room.sweep()["delivered"] == 1
        assert len(room.tokens.outputs) == 1

    def test_an_event_that_was_lost_is_sent_by_the_sweep(self, room):
        """
        The token is not sent twice: what has arrived already is not repeated.
        """
        room.events.trouble = ConnectionError("the bus is away")
        assert room.post(room.link()).status == 200
        room.events.trouble = None

        assert room.sweep()["delivered"] == 1

        assert len(room.events.of(APPROVAL_DECIDED)) == 1
        assert len(room.tokens.outputs) == 1
        assert room.ledger.pending_approvals() == []

    def test_a_release_that_has_ended_makes_a_decision_undeliverable(self, room):
        """
        Somebody stopped the release: the approver is told, and so is everybody else.
        """
        room.tokens.waiting.clear()
        room.ledger.releases[RELEASE]["status"] = "stopped"

        answer = room.post(room.link())

        assert answer.status == 410
        assert "Nothing was changed in production" in answer.html
        assert room.ledger.get_approval(RELEASE)["undeliverable"] is True
        assert room.events.of(APPROVAL_DECIDED)[0]["undeliverable"] is True

    def test_an_approval_after_the_release_was_stopped_approves_nothing(self, room):
        """
        The model package can't be approved by a late decision, and the version's number is free again.
        """
        room.tokens.waiting.clear()
        room.ledger.releases[RELEASE]["status"] = "stopped"

        room.post(room.link())

        assert [status for _, status, _ in room.packages.approvals] == ["Rejected"]
        assert room.ledger.version("pricing", "hotel-rates", "1.1.0")["approval"] == "abandoned"

    def test_an_approval_whose_release_was_stopped_meanwhile_is_taken_back(self, room):
        """
        The registry heard of it before the execution turned out to have ended: the sweep sets both back.
        """
        room.tokens.waiting.clear()
        room.post(room.link())
        assert room.ledger.version("pricing", "hotel-rates", "1.1.0")["approval"] == "approved"
        room.ledger.releases[RELEASE]["status"] = "stopped"

        assert room.sweep()["undeliverable"] == 1

        assert [status for _, status, _ in room.packages.approvals] == ["Approved", "Rejected"]
        assert room.ledger.version("pricing", "hotel-rates", "1.1.0")["approval"] == "abandoned"

    def test_the_approval_of_what_serves_is_not_taken_back(self, room):
        """
        A promotion that failed after its version came to serve had got the decision.
        """
        room.tokens.waiting.clear()
        room.post(room.link())
        room.ledger.releases[RELEASE]["status"] = "failed"
        subject = {"project": "pricing", "model": "hotel-rates", "alias": "champion", "revision": 1}
        room.ledger.move_alias({**subject, "version": "1.1.0", "release_id": RELEASE})

        assert room.later(minutes=2).sweep()["delivered"] == 1
        assert [status for _, status, _ in room.packages.approvals][-1] == "Approved"

    def test_a_request_that_was_closed_can_not_be_decided(self, room):
        """
        A release that ended says so to whoever opens its link; asked again by a retry, it waits again.
        """
        link = room.link()
        assert room.ledger.close_approval(RELEASE, closed_at("2026-11-22T14:00:00.000Z"))
        before = room.state()

        answer = room.post(link)

        assert answer.status == 410
        assert "before anybody had decided" in answer.html
        assert "before anybody had decided" in room.get(link).html
        assert room.state() == before
        room.ask("token-2", redrive=1)
        assert room.post(room.link()).status == 200
        assert [token for token, _ in room.tokens.outputs] == ["token-2"]

    def test_a_dead_token_may_mean_that_it_arrived_before(self, room):
        """
        When the release has not ended, an earlier try has reached it: seen a minute later, it is delivered.
        """
        room.tokens.waiting.clear()
        assert room.post(room.link()).status == 200
        assert room.sweep()["later"] == 1

        assert room.later(minutes=2).sweep()["delivered"] == 1
        assert room.ledger.get_approval(RELEASE)["undeliverable"] is False

    def test_a_token_that_is_replaced_meanwhile_gets_the_decision(self, room):
        """
        A retry of the task brings another token; the decision follows it.
        """

        def retried() -> None:
            room.tokens.waiting.discard("token-1")
            room.ask("token-2")

        room.tokens.before = retried

        assert room.post(room.link()).status == 200
        assert [token for token, _ in room.tokens.outputs] == ["token-2"]
