from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.errors import AliasMovedError
from slipway.usecases.move_alias import mark_stages, move_alias
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_promotion_request, a_version
from tests.fakes.sagemaker import FakeModelRegistry


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


def a_promotion(version: str, previous: Any = None) -> Any:
    request = a_promotion_request(version, release_id=f"release-{version}")
    return {"request": request, "promotion": {"previous": previous}}


def move(ledger: FakeLedger, version: str, previous: Any = None) -> Any:
    return move_alias(a_promotion(version, previous), ledger=ledger, clock=lambda: NOW)


def target(version: str) -> dict[str, str]:
    return {"version": version, "release_id": f"release-{version}"}


class TestMoveAlias:
    def test_first_version(self, ledger: FakeLedger) -> None:
        """The first promotion sets the alias; who and why are kept."""
        assert move(ledger, "1.0.0") == {"alias": "champion", "version": "1.0.0", "previous": None}

        record = ledger.alias("pricing", "hotel-rates", "champion")
        assert (record["version"], record["actor"], record["revision"]) == ("1.0.0", "ana@example.com", 1)

    def test_moves_on(self, ledger: FakeLedger) -> None:
        """The alias moves from where it was when the promotion was planned."""
        move(ledger, "1.0.0")
        move(ledger, "1.1.0", target("1.0.0"))

        history = ledger.alias_history("pricing", "hotel-rates", "champion")
        assert [one["version"] for one in history] == ["1.1.0", "1.0.0"]

    def test_another_promotion_came_between(self, ledger: FakeLedger) -> None:
        """A promotion that was planned on an older champion moves nothing."""
        move(ledger, "1.0.0")
        move(ledger, "1.2.0", target("1.0.0"))

        with pytest.raises(AliasMovedError, match=r"points to 1\.2\.0"):
            move(ledger, "1.1.0", target("1.0.0"))
        assert ledger.alias("pricing", "hotel-rates", "champion")["version"] == "1.2.0"

    def test_tried_twice(self, ledger: FakeLedger) -> None:
        """A retry of a move that was made is no second move."""
        first = move(ledger, "1.0.0")

        assert move(ledger, "1.0.0") == first
        assert len(ledger.alias_history("pricing", "hotel-rates", "champion")) == 1

    def test_back_to_an_older_version(self, ledger: FakeLedger) -> None:
        """A rollback is a move like any other."""
        move(ledger, "1.0.0")
        move(ledger, "1.1.0", target("1.0.0"))
        move(ledger, "1.0.0", target("1.1.0"))

        assert ledger.alias("pricing", "hotel-rates", "champion")["revision"] == 3


class TestMarkStages:
    def test_packages_say_which_serves(self, ledger: FakeLedger) -> None:
        """The package that serves is in production, the one before is archived."""
        registry = FakeModelRegistry()
        ledger.put_version(a_version("1.0.0", package_arn="old"))
        ledger.put_version(a_version("1.1.0", package_arn="new"))

        mark_stages(a_promotion("1.1.0", target("1.0.0")), ledger=ledger, registry=registry)

        assert ledger.version("pricing", "hotel-rates", "1.1.0")["stage"] == "Production"
        assert ledger.version("pricing", "hotel-rates", "1.0.0")["stage"] == "Archived"
        assert registry.stages == {"new": ("Production", "InService"), "old": ("Archived", "Replaced")}
