"""Planning a rollback: where to, and every reason against it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.usecases.plan_rollback import plan_rollback
from tests.fakes.executions import FakeExecutions
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, PROMOTE_MACHINE, a_version
from tests.fakes.steps import FakeFingerprints

ENDPOINT = "slipway-dev-pricing-hotel-rates"


class Harbour:
    def __init__(self) -> None:
        self.ledger, self.executions, self.files = FakeLedger(), FakeExecutions(), FakeFingerprints()
        self.moves = 0

    def serve(self, version: str, **changes: Any) -> None:
        uri = f"s3://artifacts/{version}/model.tar.gz"
        self.ledger.put_version(a_version(version, **{"approval": "approved", "model_uri": uri} | changes))
        self.moves += 1
        self.ledger.move_alias(
            {"project": "pricing", "model": "hotel-rates", "alias": "champion", "version": version,
             "revision": self.moves, "moved_at": f"2026-11-2{self.moves}T00:00:00.000Z"}
        )  # fmt: skip

    def plan(self, to: str = "") -> Any:
        return plan_rollback(
            "pricing",
            "hotel-rates",
            to=to,
            endpoint=ENDPOINT,
            ledger=self.ledger,
            executions=self.executions,
            files=self.files,
            clock=lambda: NOW,
        )


@pytest.fixture
def harbour() -> Harbour:
    harbour = Harbour()
    harbour.serve("1.0.0")
    harbour.serve("1.1.0")
    return harbour


def test_it_leads_to_the_version_that_served_before(harbour: Harbour) -> None:
    plan = harbour.plan()
    assert (plan.serving, plan.target["version"], plan.refusals) == ("1.1.0", "1.0.0", ())


def test_a_named_version_is_taken_at_its_word(harbour: Harbour) -> None:
    harbour.serve("1.2.0")
    assert harbour.plan("1.0.0").target["version"] == "1.0.0"


def test_the_first_version_has_nothing_to_go_back_to() -> None:
    harbour = Harbour()
    assert harbour.plan().refusals == ("nothing serves pricing/hotel-rates, and nothing did",)
    harbour.serve("1.0.0")
    assert harbour.plan().refusals == ("nothing served before 1.0.0; name a version with --to",)


def test_an_unknown_version_is_refused_with_those_that_there_are(harbour: Harbour) -> None:
    assert harbour.plan("9.9.9").refusals == ("9.9.9 is not registered (registered: 1.0.0, 1.1.0)",)


def test_what_serves_already_is_refused(harbour: Harbour) -> None:
    assert harbour.plan("1.1.0").refusals == ("1.1.0 serves already",)


def test_an_artifact_that_somebody_deleted_is_missed(harbour: Harbour) -> None:
    harbour.files.gone.add("s3://artifacts/1.0.0/model.tar.gz")
    (refusal,) = harbour.plan().refusals
    assert "is gone" in refusal


def test_who_works_on_the_endpoint_is_named(harbour: Harbour) -> None:
    request = {"version": "1.2.0", "cause": "approval", "actor": "ana@example.com"}
    started = harbour.executions.start(PROMOTE_MACHINE, "one", json.dumps({"request": request}))
    harbour.ledger.leases[ENDPOINT] = started.arn
    (refusal,) = harbour.plan().refusals
    assert "ana@example.com: approval of 1.2.0" in refusal
    assert "execution one" in refusal


def test_every_reason_is_said_at_once(harbour: Harbour) -> None:
    harbour.ledger.leases[ENDPOINT] = "arn:aws:states:eu-west-1:1:execution:promote:gone"
    harbour.ledger.registered["pricing", "hotel-rates", "1.0.0"]["approval"] = "rejected"
    assert len(harbour.plan().refusals) == 2


def test_who_has_ended_and_still_holds_the_lease_is_in_nobodys_way(harbour: Harbour) -> None:
    request = {"version": "1.2.0", "cause": "promote", "actor": "ana@example.com"}
    started = harbour.executions.start(PROMOTE_MACHINE, "one", json.dumps({"request": request}))
    harbour.ledger.leases[ENDPOINT] = started.arn
    harbour.executions.end(started.arn, "ABORTED")
    assert harbour.plan().refusals == ()
