"""What the ledger promises of versions and aliases; the fake and DynamoDB both keep it."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.contracts.ledger import LISTED
from slipway.contracts.ledger_keys import lease_key
from tests.adapters.test_ledger import create_table
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_version

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBJECT = ("pricing", "hotel-rates")
RETRAINED = "1.1.0+retrain.20261101T120000Z"


@pytest.fixture(params=["fake", "dynamodb", pytest.param("embedded", marks=pytest.mark.embedded)])
def ledger(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeLedger()
        return
    if request.param == "embedded":
        client, table = (
            request.getfixturevalue("embedded_aws").client("dynamodb"),
            f"versions-{uuid.uuid4().hex}",
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


def at(minute: int) -> str:
    return f"2026-11-22T{minute // 60:02}:{minute % 60:02}:00.000Z"


def a_move(version: str, revision: int, minute: int, alias: str = "candidate", **more: Any) -> Any:
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "alias": alias,
        "version": version,
        "release_id": "9f2c41d07b3a55e1",
        "moved_at": at(minute),
        "actor": "ana@example.com",
        "reason": "tried",
        "revision": revision,
        **more,
    }


class TestLists:
    def test_versions_are_listed_newest_first_without_what_is_long(self, ledger: Any) -> None:
        """All, a model's, and those since a moment; a list holds what LISTED names, not the manifest."""
        ledger.put_version(a_version("1.0.0", registered_at=at(1)))
        ledger.put_version(a_version("1.0.0", registered_at=at(2), project="travel", model="flights"))
        ledger.put_version(a_version(RETRAINED, registered_at=at(3), card="Rates", data_sets=["rates:1.0.0"]))
        ledger.put_version(a_version("1.0.0", registered_at=at(4), model="hotel-rates-eu"))

        every = list(ledger.listed_versions())
        of_model = list(ledger.listed_versions(project="pricing", model="hotel-rates"))
        of_project = list(ledger.listed_versions(project="pricing"))

        assert [one["registered_at"] for one in every] == [at(4), at(3), at(2), at(1)]
        assert [one["version"] for one in of_model] == [RETRAINED, "1.0.0"]
        assert {one["model"] for one in of_project} == {"hotel-rates", "hotel-rates-eu"}
        assert len(of_project) == 3
        assert [one["registered_at"] for one in ledger.listed_versions(since=at(3))] == [at(4), at(3)]
        assert [one["registered_at"] for one in ledger.listed_versions(project="pricing", since=at(3))] == [
            at(4),
            at(3),
        ]
        assert list(ledger.listed_versions(project="pricing", model="hotel-rates", since=at(4))) == []
        assert [one["registered_at"] for one in ledger.versions_until(at(3))] == [at(1), at(2)]
        assert set(every[1]) <= set(LISTED)
        assert every[1]["data_sets"] == ["rates:1.0.0"]

    def test_models_are_found_without_their_project(self, ledger: Any) -> None:
        """Projects come sorted; a name that only begins so is another one."""
        ledger.put_version(a_version(project="travel"))
        ledger.put_version(a_version())
        ledger.put_version(a_version("1.2.0"))
        ledger.put_version(a_version(model="hotel-rates-eu", project="elsewhere"))

        assert ledger.projects_of("hotel-rates") == ["pricing", "travel"]
        assert ledger.projects_of("hotel") == []
        assert ("travel", "hotel-rates") in ledger.models()


class TestNotes:
    def test_decision_is_kept_with_its_reason(self, ledger: Any) -> None:
        """Who approved, when and why stands in the version; a listing sees that it is approved."""
        ledger.put_version(a_version())

        assert ledger.set_version_approval(
            *SUBJECT,
            "1.1.0",
            release_id="9f2c41d07b3a55e1",
            approval="approved",
            approver="ana@example.com",
            at=at(5),
            reason="better on every slice",
        )

        record = ledger.version(*SUBJECT, "1.1.0")
        assert (record["approver"], record["decision_reason"]) == ("ana@example.com", "better on every slice")
        assert [one["approval"] for one in ledger.listed_versions()] == ["approved"]

    def test_stage_is_noted_when_it_changes(self, ledger: Any) -> None:
        """The same stage again is nothing new; a version that is not there is not made."""
        ledger.put_version(a_version())

        assert ledger.set_version_stage(*SUBJECT, "1.1.0", stage="Production") is True
        assert ledger.set_version_stage(*SUBJECT, "1.1.0", stage="Production") is False
        assert ledger.set_version_stage(*SUBJECT, "9.9.9", stage="Production") is False
        assert ledger.version(*SUBJECT, "1.1.0")["stage"] == "Production"
        assert ledger.version(*SUBJECT, "9.9.9") is None

    def test_tags_are_replaced_only_as_they_were_read(self, ledger: Any) -> None:
        """Who changes tags names those that it read: nobody's change is lost."""
        ledger.put_version(a_version())

        assert ledger.tag_version(*SUBJECT, "1.1.0", tags={"team": "rates"}, instead_of={}) is True
        assert ledger.tag_version(*SUBJECT, "1.1.0", tags={"team": "x"}, instead_of={}) is False
        assert ledger.tag_version(*SUBJECT, "1.1.0", tags={}, instead_of={"team": "rates"}) is True
        assert ledger.tag_version(*SUBJECT, "1.1.0", tags={"a": "b"}, instead_of={}) is True
        assert ledger.tag_version(*SUBJECT, "9.9.9", tags={"a": "b"}, instead_of={}) is False
        assert ledger.version(*SUBJECT, "1.1.0")["tags"] == {"a": "b"}

    def test_removal_of_an_artifact_is_noted_once_and_may_be_withdrawn(self, ledger: Any) -> None:
        """Who noted it may take it back; another release's version of that number is not touched."""
        record = a_version()
        ledger.put_version(record)

        assert ledger.note_artifact_removed({**record, "release_id": "other"}, at(1)) is False
        assert ledger.note_artifact_removed(record, at(1)) is True
        assert ledger.note_artifact_removed(record, at(2)) is False
        assert ledger.withdraw_artifact_removal(record, at(2)) is False
        assert ledger.withdraw_artifact_removal(record, at(1)) is True
        assert "artifact_removed_at" not in ledger.version(*SUBJECT, "1.1.0")


class TestAliases:
    def test_removed_alias_points_nowhere_and_keeps_its_history(self, ledger: Any) -> None:
        """A removal is a move as any other; the alias may be set again from there."""
        assert ledger.move_alias(a_move("1.0.0", 1, 1))
        assert ledger.move_alias(a_move("1.0.0", 2, 2, removed=True))

        assert ledger.alias(*SUBJECT, "candidate") is None
        assert ledger.alias_tip(*SUBJECT, "candidate")["revision"] == 2
        assert ledger.move_alias(a_move("1.1.0", 3, 3))
        assert [move["revision"] for move in ledger.alias_history(*SUBJECT, "candidate")] == [3, 2, 1]
        assert ledger.alias(*SUBJECT, "candidate")["version"] == "1.1.0"

    def test_alias_does_not_move_back_in_time(self, ledger: Any) -> None:
        """A clock that is behind must not write a move before the one that it follows."""
        ledger.move_alias(a_move("1.0.0", 1, 10))

        assert ledger.move_alias(a_move("1.1.0", 2, 10)) is False
        assert ledger.move_alias(a_move("1.1.0", 2, 9)) is False
        assert ledger.move_alias(a_move("1.1.0", 2, 11)) is True

    def test_alias_does_not_move_to_a_version_without_artifact(self, ledger: Any) -> None:
        """The move and the look at the version are one transaction; a removal is always possible."""
        record = a_version("1.1.0")
        ledger.put_version(record)
        ledger.move_alias(a_move("1.1.0", 1, 1))
        ledger.note_artifact_removed(record, at(2))

        assert ledger.move_alias(a_move("1.1.0", 2, 3)) is False
        assert ledger.move_alias(a_move("1.1.0", 2, 3, removed=True)) is True

    def test_all_aliases_of_a_model(self, ledger: Any) -> None:
        """Their last moves come by name, whatever other names begin alike, and however often they moved."""
        for alias, moves in {"ab": 3, "ab-x": 1, "champion": 12, "zeta": 2}.items():
            for revision in range(1, moves + 1):
                ledger.move_alias(a_move(f"1.0.{revision}", revision, revision, alias))
        ledger.put_version(a_version())

        assert [(one["alias"], one["version"]) for one in ledger.aliases(*SUBJECT)] == [
            ("ab", "1.0.3"),
            ("ab-x", "1.0.1"),
            ("champion", "1.0.12"),
            ("zeta", "1.0.2"),
        ]
        assert ledger.aliases("pricing", "flights") == []

    def test_what_an_alias_pointed_to_then(self, ledger: Any) -> None:
        """Any moment's answer is that of a plain search through all moves."""
        draw = random.Random(7)
        minutes = sorted(draw.sample(range(10, 900), 25))
        moves = [
            a_move(f"1.0.{n}", n, minute, removed=True)
            if draw.random() < 0.2
            else a_move(f"1.0.{n}", n, minute)
            for n, minute in enumerate(minutes, 1)
        ]
        for move in moves:
            assert ledger.move_alias(move)
        ledger.move_alias(a_move("9.9.9", 1, 5, "candidate-eu"))

        for minute in (0, 9, *minutes, *draw.sample(range(1000), 40)):
            before = [move for move in moves if move["moved_at"] <= at(minute)]
            assert ledger.alias_at(*SUBJECT, "candidate", at(minute)) == (before[-1] if before else None)

    def test_of_concurrent_moves_none_is_lost(self, request: pytest.FixtureRequest, ledger: Any) -> None:
        """However many move at once, the history holds each move that was made, without a gap."""
        # moto checks a condition and writes in two steps
        together = 1 if "dynamodb" in request.node.name else 6

        def move(n: int) -> bool:
            tip = ledger.alias_tip(*SUBJECT, "candidate")
            revision = tip["revision"] + 1 if tip else 1
            return bool(ledger.move_alias(a_move(f"1.0.{n}", revision, revision)))

        with ThreadPoolExecutor(together) as pool:
            made = [n for n, moved in enumerate(pool.map(move, range(40))) if moved]

        history = ledger.alias_history(*SUBJECT, "candidate")
        assert [one["revision"] for one in history] == list(range(len(made), 0, -1))
        assert {one["version"] for one in history} == {f"1.0.{n}" for n in made}
        assert ledger.alias(*SUBJECT, "candidate") == history[0]


class TestLeases:
    def test_owner_of_a_lease(self, ledger: Any) -> None:
        """Nobody holds a lease that was never taken, or has run out."""
        assert ledger.lease_owner("slipway-dev-pricing-hotel-rates", now_epoch=100) == ""
        if isinstance(ledger, FakeLedger):
            ledger.leases["slipway-dev-pricing-hotel-rates"] = "arn:one"
        else:
            ledger._table.put(
                {
                    **lease_key("slipway-dev-pricing-hotel-rates"),
                    "owner": "arn:one",
                    "expires_at_epoch": 150,
                    "expires_at": 150,
                }
            )
            assert ledger.lease_owner("slipway-dev-pricing-hotel-rates", now_epoch=151) == ""

        assert ledger.lease_owner("slipway-dev-pricing-hotel-rates", now_epoch=100) == "arn:one"


class Counting:
    """A DynamoDB client that counts the calls made through it."""

    def __init__(self, client: Any) -> None:
        self._client, self.calls = client, []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append((name, request))
            return getattr(self._client, name)(**request)

        return call


class TestCosts:
    def test_resolving_reads_one_item_at_10000_versions(self) -> None:
        """Alias and moment are answered by one read each, strongly consistent, at any number of versions."""
        with mock_aws():
            client = boto3.client(
                "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
            )
            create_table(client)
            partition = {"pk": {"S": "MODEL#pricing/hotel-rates"}}
            for n in range(0, 10_000, 25):
                client.batch_write_item(
                    RequestItems={
                        "ledger": [
                            {"PutRequest": {"Item": {**partition, "sk": {"S": f"VERSION#1.0.{n + k}"}}}}
                            for k in range(25)
                        ]
                    }
                )
            counting = Counting(client)
            ledger = DynamoDbLedger(counting, "ledger")
            for revision in range(1, 6):  # moto copies the table for each
                ledger.move_alias(a_move(f"1.0.{revision}", revision, revision, "champion"))
            counting.calls.clear()

            assert ledger.alias(*SUBJECT, "champion")["version"] == "1.0.5"  # type: ignore[index]
            assert [(name, request["ConsistentRead"]) for name, request in counting.calls] == [
                ("get_item", True)
            ]
            counting.calls.clear()
            assert ledger.alias_at(*SUBJECT, "champion", at(3))["version"] == "1.0.3"  # type: ignore[index]
            assert [(name, request["Limit"]) for name, request in counting.calls] == [("query", 1)]
            counting.calls.clear()
            assert len(ledger.aliases(*SUBJECT)) == 1
            assert [request["Limit"] for _, request in counting.calls] == [1, 1]
