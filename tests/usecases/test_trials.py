"""Trials begin, are proposed, and end: by themselves, by hand, or because their execution died."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.contracts.events import APPROVAL_DECIDED, APPROVAL_REQUESTED, TRIAL_STARTED
from slipway.domain.approval import DecisionForm
from slipway.domain.trials.trial import NoTrialError, trial_id_of
from slipway.usecases.begin_trial import begin_trial
from slipway.usecases.decide_approval import decide_approval
from slipway.usecases.end_trial import TrialEnding
from slipway.usecases.propose_trial import propose_trial
from slipway.usecases.request_approval import Ports
from slipway.usecases.show_approval import show_approval
from tests.fakes.approval_room import (
    FakeEvents,
    FakeMailer,
    FakePackages,
    FakeReports,
    FakeSigner,
    FakeTokens,
)
from tests.fakes.executions import FakeExecutions
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_site, a_version

NOW = datetime(2026, 11, 28, 9, 0, 0, tzinfo=UTC)
ARN = "arn:aws:states:eu-west-1:111122223333:execution:slipway-dev-trial:one"
TRIAL = trial_id_of(ARN)
SUBJECT = ("pricing", "hotel-rates")
APPROVERS = {"*": ["ana@example.com", "ben@example.com"]}
REPORT = "s3://artifacts/trials/report.json"
POLICY: Any = {"approval_timeout_hours": 48, "poll_seconds": 60}
AB = {"kind": "ab", "share": 0.2, "requests": 1000, "hours": 24, "outcome": "booked"}
AB |= {"direction": "maximize", "minimum_effect": 0.01}


def request(**changes: Any) -> Any:
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "release_id": "9f2c41d07b3a55e1",
        "cause": "approval",
        "actor": "ana@example.com",
        "reason": "looks good",
        "strategy": {},
        **changes,
    }


class Room:
    """Everything that trials work with."""

    def __init__(self, strategy: dict[str, Any]) -> None:
        self.ledger, self.events = FakeLedger(), FakeEvents()
        self.signer, self.mailer, self.reports = FakeSigner(), FakeMailer(), FakeReports()
        self.tokens, self.executions = FakeTokens(), FakeExecutions()
        self.tokens.waiting.add("token-1")
        for version in ("1.0.0", "1.1.0"):
            record = a_version(version)
            record["manifest"]["serving"] |= {"strategy": strategy, "capture_share": 1.0}
            self.ledger.put_version(record)
        moved = {"alias": "champion", "version": "1.0.0", "release_id": "r", "revision": 1}
        at = {"moved_at": "2026-11-01T00:00:00.000Z"}
        self.ledger.move_alias({"project": SUBJECT[0], "model": SUBJECT[1], **moved, **at})
        self.ending = TrialEnding(
            ledger=self.ledger,
            events=self.events,
            executions=self.executions,
            tokens=self.tokens,
            promote_machine_arn="arn:aws:states:eu-west-1:111122223333:stateMachine:slipway-dev-promote",
            environment="dev",
            resource_prefix="slipway-dev",
            clock=lambda: NOW,
        )

    def begin(self, **changes: Any) -> Any:
        return begin_trial(
            request(**changes),
            ARN,
            ledger=self.ledger,
            events=self.events,
            policy=POLICY,
            environment="dev",
            clock=lambda: NOW,
        )

    def propose(self) -> Any:
        trial = self.begin()
        report = {
            "summary": "A/B test: better",
            "challenger": {"version": "1.1.0", "metrics": {"booked": 0.2}},
        }
        self.reports.write(REPORT, json.dumps(report))
        state = {"report_uri": REPORT, "reason": "the difference lies above 0", "word": "better"}
        self.ledger.note_look(*SUBJECT, TRIAL, state=state, ends_by="", after=0)
        return propose_trial(
            {"request": request(), "trial": trial},
            "token-1",
            0,
            ports=Ports(
                self.ledger,
                self.signer,
                self.mailer,
                self.reports,
                self.events,
                self.tokens,
                FakePackages(self.tokens),
            ),
            approvers=APPROVERS,
            base_url="https://approvals.example.com",
            environment="dev",
            now=NOW,
            rules={},
        )

    def serves(self, version: str) -> None:
        """One more version is registered, and becomes champion."""
        record = a_version(version)
        record["manifest"] = self.ledger.version(*SUBJECT, "1.0.0")["manifest"]
        self.ledger.put_version(record)
        moved = {"alias": "champion", "version": version, "release_id": "r"}
        revision = self.ledger.alias_tip(*SUBJECT, "champion")["revision"] + 1
        at = {"moved_at": f"2026-11-02T00:0{revision}:00.000Z", "revision": revision}
        assert self.ledger.move_alias({"project": SUBJECT[0], "model": SUBJECT[1], **moved, **at})

    def page(self) -> Any:
        """What an approver sees."""
        return show_approval(
            *self.link(),
            ledger=self.ledger,
            approvers=APPROVERS,
            signer=self.signer,
            reports=self.reports,
            now=NOW,
        )

    def link(self, approver: str = "ana@example.com") -> tuple[str, str]:
        """Id and query of the link that an approver got."""
        text = next(body for to, _, body in reversed(self.mailer.sent) if to == approver)
        url = next(row for row in text.splitlines() if row.startswith("https://"))
        path, _, query = url.partition("?")
        return path.rpartition("/")[2], query

    def decide(self, decision: str) -> Any:
        return decide_approval(
            *self.link(),
            DecisionForm(decision, "seen", "1.1.0"),
            ledger=self.ledger,
            approvers=APPROVERS,
            policy=a_site().policy,
            signer=self.signer,
            reports=self.reports,
            tokens=self.tokens,
            registry=FakePackages(self.tokens),
            events=self.events,
            now=NOW,
        )

    def started(self) -> Any:
        """The request of the promotion that was started last."""
        return list(self.executions.by_arn.values())[-1].document["request"]

    def status(self) -> str:
        return str(self.ledger.trial(*SUBJECT, TRIAL)["status"])


@pytest.fixture
def room() -> Room:
    return Room(dict(AB))


class TestBegin:
    def test_a_trial_is_recorded_once_and_told(self, room):
        """A retry of the step finds it; the settings are kept in full."""
        assert room.begin() == room.begin()
        record = room.ledger.trial(*SUBJECT, TRIAL)

        assert (record["kind"], record["champion"], record["challenger"]) == ("ab", "1.0.0", "1.1.0")
        assert record["settings"] == AB
        assert [kind for kind, _ in room.events.emitted] == [TRIAL_STARTED]

    def test_the_request_and_conditions_change_the_strategy(self, room):
        """What whoever approved asked for, or who begins it by hand, counts in place of the manifest's."""
        assert room.begin(conditions={"strategy": "", "share": 0.05})["share"] == 0.05
        assert room.begin(strategy={"kind": "shadow"})["action"] == "shadow"

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"version": "1.0.0"}, "it is the champion"),
            ({"version": "9.9.9"}, "it is not registered"),
            ({"strategy": {"kind": "canary"}}, "its strategy is 'canary'"),
        ],
    )
    def test_what_cannot_be_tried_says_why(self, room, changes, problem):
        """Before anything stands on the endpoint."""
        with pytest.raises(NoTrialError, match=problem):
            room.begin(**changes)

    def test_a_trial_needs_all_requests_captured(self):
        """Else nobody knows who answered them."""
        room = Room(dict(AB))
        for record in room.ledger.versions(*SUBJECT):
            record["manifest"]["serving"]["capture_share"] = 0.5
            room.ledger.registered[(*SUBJECT, record["version"])] = record
        with pytest.raises(NoTrialError, match="captures 50% of the requests"):
            room.begin()


class TestPropose:
    def test_approvers_get_the_trial_s_evidence_by_the_same_kind_of_link(self, room):
        """The page says what was tried, and offers no conditions."""
        outcome = room.propose()
        page = room.page()

        assert sorted(outcome["told"]) == APPROVERS["*"]
        assert room.status() == "proposed"
        assert page.status == 200
        assert "A/B test: better" in page.html
        assert "Approve with conditions" not in page.html
        assert "was tried beside 1.0.0 in dev" in " ".join(room.mailer.sent[0][2].split())
        assert [kind for kind, _ in room.events.emitted] == [TRIAL_STARTED, APPROVAL_REQUESTED]

    @pytest.mark.parametrize("decision", ["approved", "rejected"])
    def test_a_decision_reaches_the_trial_and_leaves_the_version_alone(self, room, decision):
        """Its version was approved before it was tried: this decides who is champion."""
        room.propose()
        before = room.ledger.version(*SUBJECT, "1.1.0")

        assert room.decide(decision).status == 200
        assert room.tokens.outputs[-1][1]["decision"] == decision
        assert room.ledger.version(*SUBJECT, "1.1.0") == before
        detail = next(detail for kind, detail in room.events.emitted if kind == APPROVAL_DECIDED)
        assert detail["release_id"] == "9f2c41d07b3a55e1"


class TestOlderChallenger:
    """A trial of 1.1.0 beside the newer champion 1.2.0."""

    @pytest.fixture
    def asked(self, kind: str) -> Room:
        room = Room({**AB, "kind": kind} if kind == "ab" else {"kind": kind, "requests": 1000, "hours": 24})
        room.serves("1.2.0")
        room.propose()
        return room

    @pytest.mark.parametrize("kind", ["ab", "shadow"])
    def test_it_may_become_champion_again(self, asked: Room) -> None:
        """As a rollback may: what it was tried beside still serves."""
        html = asked.page().html

        assert ("serves by now" in html, "Approve 1.1.0" in html) == (False, True)
        assert asked.decide("approved").status == 200
        assert asked.tokens.outputs[-1][1]["decision"] == "approved"

    @pytest.mark.parametrize("kind", ["ab", "shadow"])
    @pytest.mark.parametrize("serves", ["1.0.5", "1.3.0"])
    def test_beside_another_champion_it_may_only_be_rejected(self, asked: Room, serves: str) -> None:
        """What the evidence compares it with serves no more: the page says so, and offers no approval."""
        asked.serves(serves)
        html = asked.page().html

        assert f"{serves} serves by now, and its evidence compares it with 1.2.0." in html
        assert ("Approve 1.1.0" in html, "Reject 1.1.0" in html) == (False, True)
        answer = asked.decide("approved")
        assert (answer.status, f"try it beside {serves}" in answer.html) == (409, True)
        assert asked.decide("rejected").status == 200
