"""The ledger's promises; the fake and DynamoDB both keep them."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.contracts.ledger_keys import BY_MODEL, BY_MONTH, lease_key
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_plan, a_version

if TYPE_CHECKING:
    from collections.abc import Iterator


def _index(name: str) -> dict[str, Any]:
    stem = name.removeprefix("by_")
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": f"{stem}_pk", "KeyType": "HASH"},
            {"AttributeName": f"{stem}_sk", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }


def create_table(client: Any, name: str = "ledger") -> None:
    """The ledger's table as the storage stack makes it."""
    attributes = ("pk", "sk", "model_pk", "model_sk", "month_pk", "month_sk")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[_index(BY_MODEL), _index(BY_MONTH)],
    )


@pytest.fixture(params=["fake", "dynamodb", pytest.param("embedded", marks=pytest.mark.embedded)])
def ledger(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeLedger()
        return
    if request.param == "embedded":
        client, table = (
            request.getfixturevalue("embedded_aws").client("dynamodb"),
            f"ledger-{uuid.uuid4().hex}",
        )
        create_table(client, table)
        yield DynamoDbLedger(client, table)
        return
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        create_table(client)
        yield DynamoDbLedger(client, "ledger")


def a_release(
    release_id: str = "9f2c41d07b3a55e1", planned_at: str = "2026-11-22T03:00:00.000Z", **changes: Any
) -> Any:
    return {
        "release_id": release_id,
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "repository": "models/pricing/hotel-rates",
        "image_tag": "1.1.0",
        "image_digest": "sha256:9f",
        "cause": "push",
        "status": "running",
        "reason": "",
        "planned_at": planned_at,
        "plan": a_plan(),
        **changes,
    }


FAILURE: Any = {
    "step": "Train",
    "error": "AlgorithmError",
    "cause": "exit 1",
    "log_url": "https://x",
    "next_action": "y",
}
R = "9f2c41d07b3a55e1"
FIVE = "2026-11-22T05:00:00.000Z"
SIX = "2026-11-22T06:00:00.000Z"


class TestReleases:
    def test_first_claim_wins(self, ledger: Any) -> None:
        """The first claim is written; the second gets what the first wrote, plan and all."""
        assert ledger.claim_release(a_release()) is None

        second = ledger.claim_release(a_release(cause="cli"))

        assert second["cause"] == "push"
        assert second["plan"] == a_plan()

    def test_of_concurrent_claims_one_wins(self, request: pytest.FixtureRequest, ledger: Any) -> None:
        """However many claim at once, one is told that it may start."""
        # moto checks a condition and writes in two steps
        together = 1 if "dynamodb" in request.node.name else 8
        with ThreadPoolExecutor(together) as pool:
            answers = list(pool.map(lambda _: ledger.claim_release(a_release()), range(40)))

        assert answers.count(None) == 1

    def test_execution_is_noted_once(self, ledger: Any) -> None:
        """Whoever notes the execution first is told so; everybody else too."""
        ledger.claim_release(a_release())

        assert ledger.mark_started(R, "arn:1") is True
        assert ledger.mark_started(R, "arn:1") is False
        assert ledger.release(R)["execution_arn"] == "arn:1"

    def test_look_ups_are_noted(self, ledger: Any) -> None:
        """What the step cache answered last stands in the release."""
        ledger.claim_release(a_release())
        for result in ("wait", "hit"):
            lookup = {"step": "training", "key": "k", "result": result, "explanation": f"{result}: …"}
            ledger.note_lookups(R, {"training": lookup})

        assert ledger.release(R)["lookups"]["training"]["result"] == "hit"
        assert ledger.release(R)["status"] == "running"

    def test_unknown_release_is_not_made_by_an_update(self, ledger: Any) -> None:
        """A status or an end for a release that is not there creates nothing."""
        ledger.note_lookups(R, {})
        assert ledger.mark_started(R, "arn:1") is False
        assert ledger.set_release_status(R, "promoting") is False
        assert ledger.end_release(R, status="failed", ended_at=FIVE, reason="", failure=None) is False
        assert ledger.release(R) is None

    def test_status_moves_while_open(self, ledger: Any) -> None:
        """An open release moves on; an ended one stays as it ended."""
        ledger.claim_release(a_release())

        assert ledger.set_release_status(R, "awaiting-approval") is True
        ledger.end_release(R, status="rejected", ended_at=FIVE, reason="no", failure=None)

        assert ledger.set_release_status(R, "promoting") is False
        assert ledger.release(R)["status"] == "rejected"

    def test_an_end_is_recorded_once(self, ledger: Any) -> None:
        """The same end again is nothing new; a later one (after a retry) is."""
        ledger.claim_release(a_release())

        assert ledger.end_release(R, status="failed", ended_at=FIVE, reason="x", failure=FAILURE) is True
        assert ledger.end_release(R, status="failed", ended_at=FIVE, reason="x", failure=FAILURE) is False
        assert ledger.release(R)["failure"] == FAILURE

        assert ledger.end_release(R, status="deployed", ended_at=SIX, reason="", failure=None) is True
        assert "failure" not in ledger.release(R)

    def test_metrics_of_an_end_are_kept(self, ledger: Any) -> None:
        """What a verdict was about stands with the release and in lists; a later end has its own."""
        ledger.claim_release(a_release())
        measured = {"mae": 49.0021, "r2": -0.0847745}
        ledger.end_release(R, status="not-accepted", ended_at=FIVE, reason="worse", metrics=measured)

        assert ledger.release(R)["metrics"] == measured
        assert ledger.releases_of_model("pricing", "hotel-rates", limit=1)[0]["metrics"] == measured

        ledger.end_release(R, status="failed", ended_at=SIX, reason="x", failure=FAILURE)
        assert "metrics" not in ledger.release(R)

    def test_retried_release_is_open_again(self, ledger: Any) -> None:
        """A failed release that was redriven later runs; a late "running" of the first try opens nothing."""
        ledger.claim_release(a_release())
        ledger.end_release(R, status="failed", ended_at=FIVE, reason="x", failure=FAILURE)

        assert ledger.reopen_release(R, started_at="2026-11-22T03:00:00.000Z") is False
        assert ledger.reopen_release(R, started_at=SIX) is True
        assert ledger.release(R)["status"] == "running"

    def test_lists_newest_first_without_plans(self, ledger: Any) -> None:
        """A model's and a month's releases come newest first, and without their plans."""
        ledger.claim_release(a_release("a" * 16, "2026-10-30T01:00:00.000Z"))
        ledger.claim_release(a_release("b" * 16, "2026-11-01T01:00:00.000Z"))
        ledger.claim_release(a_release("c" * 16, "2026-11-02T01:00:00.000Z"))
        ledger.claim_release(a_release("d" * 16, "2026-11-03T01:00:00.000Z", model="other"))

        mine = ledger.releases_of_model("pricing", "hotel-rates", limit=2)
        month = list(ledger.releases_of_month("2026-11"))

        assert [one["release_id"][0] for one in mine] == ["c", "b"]
        assert [one["release_id"][0] for one in month] == ["d", "c", "b"]
        assert all("plan" not in one for one in (*mine, *month))

    def test_answered_pushes(self, ledger: Any) -> None:
        """A push is found by repository, tag and digest; a repository's are listed together."""
        push = {
            "repository": "models/pricing/hotel-rates",
            "tag": "1.1.0",
            "digest": "sha256:9f",
            "outcome": "started",
            "release_id": R,
            "answered_at": FIVE,
        }
        ledger.put_push(push)
        ledger.put_push({**push, "tag": "latest", "outcome": "refused"})

        assert ledger.push("models/pricing/hotel-rates", "1.1.0", "sha256:9f") == push
        assert ledger.push("models/pricing/hotel-rates", "1.1.0", "sha256:00") is None
        assert [one["tag"] for one in ledger.pushes("models/pricing/hotel-rates")] == ["1.1.0", "latest"]


class TestVersions:
    def test_version_is_kept_whole(self, ledger: Any) -> None:
        """What was registered is read back equal: floats, nested manifest and all."""
        assert ledger.put_version(a_version()) is None

        assert ledger.version("pricing", "hotel-rates", "1.1.0") == a_version()
        assert ledger.versions("pricing", "hotel-rates") == [a_version()]
        assert ledger.version("pricing", "hotel-rates", "9.9.9") is None

    def test_version_belongs_to_its_first_release(self, ledger: Any) -> None:
        """Another release does not get a version that counts; the same release may write it again."""
        ledger.put_version(a_version())

        held = ledger.put_version(a_version(release_id="other"))

        assert held["release_id"] == R
        assert ledger.put_version(a_version()) is None

    @pytest.mark.parametrize("approval", ["rejected", "expired", "abandoned"])
    def test_version_that_came_to_nothing_is_free(self, ledger: Any, approval: str) -> None:
        """A version that nobody approved may be registered by another release."""
        ledger.put_version(a_version(approval=approval))

        assert ledger.put_version(a_version(release_id="other")) is None
        assert ledger.version("pricing", "hotel-rates", "1.1.0")["release_id"] == "other"

    def test_version_is_decided_once(self, ledger: Any) -> None:
        """The first decision stands; another release's decision does not touch it."""
        ledger.put_version(a_version())
        where = ("pricing", "hotel-rates", "1.1.0")

        def decide(approval: str, release_id: str = R) -> Any:
            return ledger.set_version_approval(
                *where, release_id=release_id, approval=approval, approver="ana@example.com", at=FIVE
            )

        assert decide("rejected", "other") is False
        assert decide("approved") is True
        assert decide("rejected") is False
        assert ledger.version(*where)["approval"] == "approved"
        assert ledger.version(*where)["approver"] == "ana@example.com"

    def test_abandoned_version_may_be_decided_after_a_retry(self, ledger: Any) -> None:
        """A release that failed while it waited and was retried is decided after all."""
        ledger.put_version(a_version(approval="abandoned"))

        assert ledger.set_version_approval(
            "pricing", "hotel-rates", "1.1.0", release_id=R, approval="approved", approver="a", at=FIVE
        )


def a_move(version: str, revision: int, moved_at: str = FIVE) -> Any:
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "alias": "champion",
        "version": version,
        "release_id": R,
        "moved_at": moved_at,
        "actor": "ana@example.com",
        "reason": "approval",
        "revision": revision,
    }


class TestAliases:
    def test_alias_moves_from_the_revision_before(self, ledger: Any) -> None:
        """An alias moves when nobody moved it meanwhile, and keeps its history."""
        assert ledger.alias("pricing", "hotel-rates", "champion") is None
        assert ledger.move_alias(a_move("1.0.0", 1)) is True
        assert ledger.move_alias(a_move("1.1.0", 2, SIX)) is True

        assert ledger.alias("pricing", "hotel-rates", "champion")["version"] == "1.1.0"
        history = ledger.alias_history("pricing", "hotel-rates", "champion")
        assert [move["version"] for move in history] == ["1.1.0", "1.0.0"]

    def test_stale_move_changes_nothing(self, ledger: Any) -> None:
        """A move from an old revision is refused, and leaves no trace in the history."""
        ledger.move_alias(a_move("1.0.0", 1))
        ledger.move_alias(a_move("1.1.0", 2, SIX))

        assert ledger.move_alias(a_move("0.9.0", 1, "2026-11-22T07:00:00.000Z")) is False
        assert ledger.move_alias(a_move("0.9.0", 2, "2026-11-22T07:00:00.000Z")) is False
        assert ledger.alias("pricing", "hotel-rates", "champion")["version"] == "1.1.0"
        assert len(ledger.alias_history("pricing", "hotel-rates", "champion")) == 2


class TestPromotions:
    def test_promotion_ends_once(self, ledger: Any) -> None:
        """The same end of a promotion is recorded once; promotions are listed newest first."""
        record = {
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.0.0",
            "release_id": R,
            "cause": "rollback",
            "actor": "ana",
            "status": "failed",
            "execution_arn": "arn:aws:states:eu-west-1:1:execution:promote:one",
            "ended_at": FIVE,
        }

        assert ledger.put_promotion(record) is True
        assert ledger.put_promotion(record) is False
        assert ledger.put_promotion({**record, "execution_arn": "a:two", "ended_at": SIX}) is True
        assert [one["ended_at"] for one in ledger.promotions("pricing", "hotel-rates")] == [SIX, FIVE]


FENCE = 7
"""Of every lease here."""


def hold_lease(ledger: Any, endpoint: str, owner: str) -> None:
    """As the promote machine takes it."""
    if isinstance(ledger, FakeLedger):
        ledger.leases[endpoint], ledger.fences[endpoint] = owner, FENCE
    else:
        ledger._table.put({**lease_key(endpoint), "owner": owner, "fence": FENCE})


class TestLeases:
    def test_an_idle_endpoints_warning_is_kept(self, ledger: Any) -> None:
        """The last one counts."""
        assert ledger.idle_warned_at("rates") == ""
        ledger.note_idle_warning("rates", "2026-11-22T03:00:00.000Z")
        ledger.note_idle_warning("rates", "2026-11-23T03:00:00.000Z")
        assert ledger.idle_warned_at("rates") == "2026-11-23T03:00:00.000Z"

    def test_an_endpoint_that_nobody_promoted_to_is_unknown(self, ledger: Any) -> None:
        """It has no state and no history."""
        assert ledger.endpoint_state("rates") is None
        assert ledger.endpoint_history("rates") == []
        assert ledger.endpoint_at("rates", "2026-11-22T03:00:00.000Z") is None

    def test_lease_is_ended_by_its_owner_only(self, ledger: Any) -> None:
        """A lease that another execution holds, or nobody, or that was taken again, stays as it is."""
        assert ledger.end_lease("slipway-prod-pricing-hotel-rates", "a:one", fence=FENCE) is False
        hold_lease(ledger, "slipway-prod-pricing-hotel-rates", "a:one")

        assert ledger.end_lease("slipway-prod-pricing-hotel-rates", "a:two", fence=FENCE) is False
        assert ledger.end_lease("slipway-prod-pricing-flights", "a:one", fence=FENCE) is False
        assert ledger.end_lease("slipway-prod-pricing-hotel-rates", "a:one", fence=FENCE - 1) is False
        assert ledger.end_lease("slipway-prod-pricing-hotel-rates", "a:one", fence=FENCE) is True
        assert ledger.end_lease("slipway-prod-pricing-hotel-rates", "a:one", fence=FENCE) is False
        assert ledger.lease_owner("slipway-prod-pricing-hotel-rates", now_epoch=1) == ""

    def test_ended_lease_keeps_its_fence(self, ledger: Any) -> None:
        """The next owner counts on from it: nobody ever gets the number of a stale worker."""
        if isinstance(ledger, FakeLedger):
            pytest.skip("only the table holds more than the owner")
        key = lease_key("slipway-prod-pricing-fares")
        ledger._table.put({**key, "owner": "a:one", "expires_at_epoch": 9, "fence": FENCE})
        ledger.end_lease("slipway-prod-pricing-fares", "a:one", fence=FENCE)
        assert ledger._table.get(key) == {"fence": FENCE}


class TestTold:
    def test_of_releases(self, ledger: Any) -> None:
        """The newest moment of which people were told is kept; a release that is not there is not made."""
        ledger.note_told("unknown", "2026-11-22T03:00:00.000Z")
        ledger.claim_release(a_release())
        for moment in ("2026-11-22T04:00:00.000Z", "2026-11-22T03:00:00.000Z"):
            ledger.note_told(a_release()["release_id"], moment)

        assert ledger.release("unknown") is None
        assert ledger.release(a_release()["release_id"])["told_at"] == "2026-11-22T04:00:00.000Z"

    def test_of_promotions(self, ledger: Any) -> None:
        """Told is noted of the very end that was told, not of a later one."""
        arn = "arn:aws:states:eu-west-1:1:execution:promote:p"
        record = {"project": "pricing", "model": "hotel-rates", "execution_arn": arn}
        record |= {"status": "failed", "ended_at": "2026-11-22T04:00:00.000Z"}
        assert ledger.promotion("pricing", "hotel-rates", arn) is None
        ledger.put_promotion(record)
        ledger.note_promotion_told({**record, "ended_at": "2026-11-22T03:00:00.000Z"})
        assert ledger.promotion("pricing", "hotel-rates", arn) == record

        ledger.note_promotion_told(record)

        assert ledger.promotion("pricing", "hotel-rates", arn)["told_at"] == record["ended_at"]


class TestWithdrawnApproval:
    def test_an_approved_version_of_the_release_is_abandoned(self, ledger: Any) -> None:
        """Its number may be used again; a version of another release, or one not approved, stays."""
        ledger.put_version(a_version(approval="approved"))
        subject = "pricing", "hotel-rates", "1.1.0"

        assert ledger.withdraw_version_approval(*subject, release_id="other", at=FIVE) is False
        assert ledger.withdraw_version_approval(*subject, release_id=a_version()["release_id"], at=FIVE)
        assert not ledger.withdraw_version_approval(*subject, release_id=a_version()["release_id"], at=FIVE)

        assert ledger.version(*subject)["approval"] == "abandoned"
        assert ledger.put_version(a_version(release_id="next")) is None


class TestClaimedPushes:
    def test_one_release_holds_a_push(self, ledger: Any) -> None:
        """Claimed is not answered; another release's claim is refused, unless it takes over what it names."""
        push = {"repository": "m/p/r", "tag": "1.0.0", "digest": "sha256:9f", "answered_at": FIVE}
        mine, other = ({**push, "outcome": "claimed", "release_id": name} for name in ("mine", "other"))

        assert ledger.claim_push(mine) is None
        assert ledger.claim_push(mine) is None
        assert ledger.claim_push(other) == mine
        assert list(ledger.pushes("m/p/r")) == []
        assert ledger.claim_push(other, instead_of="mine") is None
        answered = {**other, "outcome": "started"}
        ledger.put_push(answered)
        assert ledger.claim_push(other) == answered
        assert ledger.claim_push(mine, instead_of="other") == answered
        assert list(ledger.pushes("m/p/r")) == [answered]


class TestRevokedApproval:
    def test_an_approved_version_is_rejected_after_all(self, ledger: Any) -> None:
        """With who and why; once, and only where the release's own version is approved."""
        ledger.put_version(a_version(approval="approved"))
        subject, release_id = ("pricing", "hotel-rates", "1.1.0"), a_version()["release_id"]
        told = {"approver": "ana", "at": FIVE, "reason": "it drifts"}

        assert ledger.revoke_version_approval(*subject, release_id="other", **told) is False
        assert ledger.revoke_version_approval(*subject, release_id=release_id, **told) is True
        assert ledger.revoke_version_approval(*subject, release_id=release_id, **told) is False

        version = ledger.version(*subject)
        told_of = ("approval", "approver", "decided_at", "decision_reason")
        assert tuple(version[name] for name in told_of) == (
            "rejected", "ana", FIVE, "it drifts",
        )  # fmt: skip
        assert not ledger.revoke_version_approval(
            "pricing", "hotel-rates", "9.9.9", release_id=release_id, **told
        )
