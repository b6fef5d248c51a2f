"""What the ledger promises of approvals; the fake and DynamoDB both keep it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.contracts.ledger_keys import BY_MODEL, BY_MONTH
from slipway.domain.approval import DecisionForm, closed_at, expired_at
from slipway.domain.approval_rules import personal
from tests.fakes.approval_room import ANA, BEN, DIGEST, NOW, PACKAGE, RELEASE
from tests.fakes.ledger import FakeLedger

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

EXPIRES = int(NOW.timestamp()) + 3600


def create_table(client: Any, name: str) -> None:
    """The ledger's table as the storage stack makes it."""
    attributes = ("pk", "sk", "model_pk", "model_sk", "month_pk", "month_sk")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in attributes],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": f"{index.removeprefix('by_')}_pk", "KeyType": "HASH"},
                    {"AttributeName": f"{index.removeprefix('by_')}_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in (BY_MODEL, BY_MONTH)
        ],
    )


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.embedded)])
def ledger(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return FakeLedger()
    server: EmbeddedAws = request.getfixturevalue("embedded_aws")
    name = f"approvals-{uuid.uuid4().hex[:8]}"
    create_table(server.client("dynamodb"), name)
    return DynamoDbLedger(server.client("dynamodb"), name)


def record(release_id: str = RELEASE, **changes: Any) -> Any:
    return {
        "release_id": release_id,
        "environment": "prod",
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "image_digest": DIGEST,
        "report_uri": "s3://artifacts/report.json",
        "package_arn": PACKAGE,
        "status": "pending",
        "task_token": "token-1",
        "approvers": {ANA: "0" * 64, BEN: "1" * 64},
        "requested_at": "2026-11-22T14:00:00.000Z",
        "expires_at_epoch": EXPIRES,
        "told": {},
        "redrive": 0,
        "delivered": False,
        "settled": False,
        **changes,
    }


def decision(approver: str = ANA, word: str = "approved") -> Any:
    return DecisionForm(word, "because", "1.1.0").decided(approver, NOW, source_ip="192.0.2.7")


def decide(ledger: Any, approver: str = ANA, *, at: int = EXPIRES - 1) -> bool:
    return ledger.decide_approval(RELEASE, decision(approver), now_epoch=at)


def renew(ledger: Any, *, reopen: bool, expires: int = EXPIRES) -> bool:
    return ledger.renew_approval(
        RELEASE, task_token="token-2", redrive=1, expires_at_epoch=expires, reopen=reopen
    )


class TestApprovals:
    def test_a_request_is_written_once(self, ledger):
        """
        The second attempt finds what the first wrote.
        """
        assert ledger.put_approval(record()) is True
        assert ledger.put_approval(record(version="9.9.9")) is False
        assert ledger.get_approval(RELEASE)["version"] == "1.1.0"
        assert ledger.get_approval("0" * 16) is None

    def test_a_record_that_is_read_holds_no_token(self, ledger):
        """
        Only who sends it to Step Functions asks for the token.
        """
        ledger.put_approval(record())

        assert ledger.get_approval(RELEASE) == {k: v for k, v in record().items() if k != "task_token"}
        assert "task_token" not in ledger.pending_approvals()[0]
        assert ledger.approval_token(RELEASE) == "token-1"
        assert ledger.approval_token("0" * 16) == ""

    def test_a_release_is_decided_once(self, ledger):
        """
        The first decision stays, with who made it and from where.
        """
        ledger.put_approval(record())

        assert decide(ledger, ANA) is True
        assert decide(ledger, BEN) is False
        kept = ledger.get_approval(RELEASE)
        assert (kept["status"], kept["decided_by"], kept["source_ip"]) == ("approved", ANA, "192.0.2.7")

    def test_of_concurrent_decisions_one_wins(self, ledger):
        """
        However many decide at once, one is told that it did.
        """
        ledger.put_approval(record())

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda n: decide(ledger, f"{n}@example.com"), range(16)))

        assert won.count(True) == 1
        assert ledger.get_approval(RELEASE)["decided_by"] == f"{won.index(True)}@example.com"

    def test_time_decides_only_when_it_has_passed(self, ledger):
        """
        A person may decide before the expiry, time from it on; never both.
        """
        ledger.put_approval(record())

        assert ledger.decide_approval(RELEASE, expired_at(NOW), now_epoch=EXPIRES - 1) is False
        assert decide(ledger, at=EXPIRES) is False
        assert ledger.decide_approval(RELEASE, expired_at(NOW), now_epoch=EXPIRES) is True
        assert decide(ledger) is False

    def test_nothing_is_decided_that_was_never_asked(self, ledger):
        """
        No record comes to be by deciding, telling or delivering.
        """
        assert decide(ledger) is False
        ledger.mark_told(RELEASE, ANA, 0)
        ledger.mark_delivered(RELEASE, undeliverable=False)
        ledger.mark_settled(RELEASE)
        assert ledger.get_approval(RELEASE) is None

    def test_an_attempt_renews_a_request(self, ledger):
        """
        Another token, another expiry, pending again if it had expired.
        """
        ledger.put_approval(record())
        ledger.decide_approval(RELEASE, expired_at(NOW), now_epoch=EXPIRES)
        ledger.mark_settled(RELEASE)

        assert renew(ledger, reopen=False) is False
        assert renew(ledger, reopen=True, expires=EXPIRES + 60) is True

        kept = ledger.get_approval(RELEASE)
        assert (kept["status"], kept["expires_at_epoch"], kept["redrive"]) == ("pending", EXPIRES + 60, 1)
        assert (kept["delivered"], kept["settled"]) == (False, False)
        assert ledger.approval_token(RELEASE) == "token-2"
        assert len(ledger.pending_approvals()) == 1

    def test_a_decision_stays_when_another_attempt_waits_for_it(self, ledger):
        """
        Only the token is new; it has to be delivered again.
        """
        ledger.put_approval(record())
        decide(ledger)
        ledger.mark_delivered(RELEASE, undeliverable=False)
        ledger.mark_settled(RELEASE)
        assert ledger.pending_approvals() == []

        assert renew(ledger, reopen=True) is False
        assert renew(ledger, reopen=False) is True

        [kept] = ledger.pending_approvals()
        assert (kept["status"], kept["delivered"], kept["settled"]) == ("approved", False, False)

    def test_what_is_settled_is_not_listed_and_keeps_no_token(self, ledger):
        """
        Those not settled are listed, the one that expires first comes first.
        """
        ledger.put_approval(record("0" * 16, expires_at_epoch=EXPIRES + 5))
        ledger.put_approval(record())
        assert [one["release_id"] for one in ledger.pending_approvals()] == [RELEASE, "0" * 16]

        ledger.mark_delivered(RELEASE, undeliverable=True)
        ledger.mark_settled(RELEASE)

        assert [one["release_id"] for one in ledger.pending_approvals()] == ["0" * 16]
        assert ledger.get_approval(RELEASE)["undeliverable"] is True
        assert ledger.approval_token(RELEASE) == ""

    def test_who_was_told_is_kept(self, ledger):
        """
        By address, with the redrive count at which it was.
        """
        ledger.put_approval(record())

        ledger.mark_told(RELEASE, ANA, 0)
        ledger.mark_told(RELEASE, BEN, 1)

        assert ledger.get_approval(RELEASE)["told"] == {ANA: 0, BEN: 1}


class TestClosing:
    def test_a_pending_request_is_closed_once(self, ledger):
        """
        It is settled at once: not listed any more, its token forgotten; who asks anew opens it.
        """
        ledger.put_approval(record(task_token="t"))

        assert ledger.close_approval(RELEASE, closed_at("2026-11-22T14:00:00.000Z")) is True
        assert ledger.close_approval(RELEASE, closed_at("2026-11-22T15:00:00.000Z")) is False

        held = ledger.get_approval(RELEASE)
        assert (held["status"], held["settled"], held["decided_at"]) == (
            "expired",
            True,
            "2026-11-22T14:00:00.000Z",
        )
        assert (ledger.pending_approvals(), ledger.approval_token(RELEASE)) == ([], "")
        assert ledger.renew_approval(
            RELEASE, task_token="u", redrive=1, expires_at_epoch=EXPIRES, reopen=True
        )
        assert [one["release_id"] for one in ledger.pending_approvals()] == [RELEASE]
        assert ledger.get_approval(RELEASE)["undeliverable"] is False

    def test_what_is_not_asked_or_decided_stays(self, ledger):
        """
        There is nothing to close, and no record comes into being.
        """
        assert ledger.close_approval("unknown", closed_at("2026-11-22T14:00:00.000Z")) is False
        assert ledger.get_approval("unknown") is None


def take(ledger: Any, approver: str, *, after: int, decides: bool = False, **changes: Any) -> bool:
    person = {**personal(record(**changes), decision(approver))}
    if decides:
        return ledger.decide_approval(
            RELEASE, decision(approver), now_epoch=EXPIRES - 1, person=person, after=after
        )
    return ledger.note_decision(RELEASE, person, now_epoch=EXPIRES - 1, after=after)


class TestDecisionsOfTwo:
    @pytest.mark.parametrize("changes", [{}, {"decisions": [], "report_digest": "sha256:1"}])
    def test_the_first_is_kept_and_the_second_decides(self, ledger, changes):
        """
        What is noted leaves the request pending; both stand in the list, also in a record of an older form.
        """
        ledger.put_approval(record(**changes))

        assert take(ledger, ANA, after=0, **changes) is True
        assert ledger.get_approval(RELEASE)["status"] == "pending"
        assert take(ledger, BEN, after=1, decides=True, **changes) is True

        decided = ledger.get_approval(RELEASE)
        assert (decided["status"], decided["decided_by"]) == ("approved", BEN)
        assert [one["decided_by"] for one in decided["decisions"]] == [ANA, BEN]

    @pytest.mark.parametrize(
        ("after", "changes"),
        [(1, {}), (0, {"redrive": 1}), (0, {"report_digest": "sha256:2"})],
        ids=["somebody came first", "asked anew", "other evidence"],
    )
    @pytest.mark.parametrize("decides", [True, False])
    def test_what_rests_on_an_older_record_is_not_written(self, ledger, after, changes, decides):
        """
        Who read the record before it changed has to read it again.
        """
        ledger.put_approval(record(report_digest="sha256:1", decisions=[]))

        shown = {"report_digest": "sha256:1", **changes}
        assert take(ledger, ANA, after=after, decides=decides, **shown) is False
        assert ledger.get_approval(RELEASE)["decisions"] == []

    def test_nothing_is_noted_too_late(self, ledger):
        """
        An approval after the expiry counts as little as a decision would.
        """
        ledger.put_approval(record())
        person = personal(record(), decision())

        assert ledger.note_decision(RELEASE, person, now_epoch=EXPIRES, after=0) is False

    def test_of_many_at_once_each_place_is_taken_once(self, ledger):
        """
        Eight people who read the same list: one of them is written.
        """
        ledger.put_approval(record(decisions=[]))
        people = [f"p{number}@example.com" for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            written = list(pool.map(lambda person: take(ledger, person, after=0), people))

        assert sum(written) == 1
        assert len(ledger.get_approval(RELEASE)["decisions"]) == 1


class TestAskingAgain:
    def test_a_changed_report_is_noted_once(self, ledger):
        """
        Everybody is untold, and the former digest is kept.
        """
        ledger.put_approval(record(report_digest="sha256:1", told={ANA: 0}))

        assert ledger.renew_report(RELEASE, "sha256:2", was="sha256:1", found_at="t") is True
        assert ledger.renew_report(RELEASE, "sha256:3", was="sha256:1", found_at="t") is False
        renewed = ledger.get_approval(RELEASE)
        assert (renewed["report_digest"], renewed["told"]) == ("sha256:2", {})
        assert renewed["report_changes"] == [{"report_digest": "sha256:1", "found_at": "t"}]

    def test_the_second_list_is_added_once_for_each_redrive(self, ledger):
        """
        Who has a nonce keeps it.
        """
        ledger.put_approval(record())
        more = {"head@example.com": "2" * 64, ANA: "3" * 64}

        assert ledger.note_escalation(RELEASE, more, redrive=0, at="t") is True
        assert ledger.note_escalation(RELEASE, more, redrive=0, at="t") is False
        assert ledger.note_escalation(RELEASE, more, redrive=1, at="t") is True
        known = ledger.get_approval(RELEASE)["approvers"]
        assert known == {ANA: "0" * 64, BEN: "1" * 64, "head@example.com": "2" * 64}

    def test_a_reminder_is_noted_once_for_each_redrive(self, ledger):
        """
        And never of what is decided.
        """
        ledger.put_approval(record())

        assert ledger.note_reminder(RELEASE, redrive=0, at="t") is True
        assert ledger.note_reminder(RELEASE, redrive=0, at="t") is False
        decide(ledger)
        assert ledger.note_reminder(RELEASE, redrive=1, at="t") is False
        assert ledger.note_escalation(RELEASE, {}, redrive=1, at="t") is False
        assert ledger.renew_report(RELEASE, "sha256:2", was="", found_at="t") is False
