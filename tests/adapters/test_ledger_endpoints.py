"""What the ledger promises of endpoints; the fake and DynamoDB both keep it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from slipway.contracts.ledger_keys import lease_key
from tests.adapters.test_ledger import ledger  # noqa: F401 - a fixture
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_version

ENDPOINT = "slipway-dev-pricing-hotel-rates"
MINE = {"owner": "a:one", "fence": 3}
THREE, FOUR, FIVE = (f"2026-11-22T0{hour}:00:00.000Z" for hour in (3, 4, 5))


def hold_lease(ledger: Any, owner: str, fence: int) -> None:  # noqa: F811 - the fixture's value
    """As the promote machine takes it."""
    if isinstance(ledger, FakeLedger):
        ledger.leases[ENDPOINT], ledger.fences[ENDPOINT] = owner, fence
    else:
        ledger._table.put({**lease_key(ENDPOINT), "owner": owner, "fence": fence, "expires_at_epoch": 1})


def a_state(changed_at: str = THREE, version: str = "1.1.0", **changes: Any) -> Any:
    """``contracts.ledger.EndpointState``."""
    champion = {"variant": "AllTraffic", "version": version, "release_id": "r", "role": "champion"}
    return {
        "endpoint": ENDPOINT,
        "project": "pricing",
        "model": "hotel-rates",
        "status": "in-service",
        "kind": "real-time",
        "config_name": f"config-{version}",
        "layout": [{**champion, "share": 0.75}],
        "cause": "promote",
        "action": "serve",
        "version": version,
        "execution_arn": MINE["owner"],
        "fence": MINE["fence"],
        "changed_at": changed_at,
        "actor": "ana@example.com",
        "reason": "better",
        **changes,
    }


def a_move(moved_at: str = THREE, *, revision: int = 1, version: str = "1.1.0", **changes: Any) -> Any:
    """``contracts.ledger.AliasRecord``."""
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "alias": "champion",
        "version": version,
        "release_id": "r",
        "moved_at": moved_at,
        "actor": "ana@example.com",
        "reason": "better",
        "revision": revision,
        **changes,
    }


class TestRecordedPromotions:
    def test_state_history_and_aliases(self, ledger: Any) -> None:  # noqa: F811
        """All come together, and read back as they were written."""
        hold_lease(ledger, **MINE)
        gone = a_move(alias="shadow", removed=True)

        assert ledger.record_promotion(a_state(), [a_move(), gone], lease=MINE)

        assert ledger.endpoint_state(ENDPOINT) == a_state()
        assert ledger.endpoint_history(ENDPOINT) == [a_state()]
        assert ledger.alias("pricing", "hotel-rates", "champion") == a_move()
        assert ledger.alias("pricing", "hotel-rates", "shadow") is None
        assert ledger.lease(ENDPOINT) == MINE

    def test_what_served_at_a_moment(self, ledger: Any) -> None:  # noqa: F811
        """The newest first; before the first, nothing."""
        hold_lease(ledger, **MINE)
        for changed_at, version in ((THREE, "1.0.0"), (FOUR, "1.1.0"), (FIVE, "1.2.0")):
            assert ledger.record_promotion(a_state(changed_at, version), [], lease=MINE)

        newest = ledger.endpoint_history(ENDPOINT, limit=2)
        assert [one["version"] for one in newest] == ["1.2.0", "1.1.0"]
        at = [ledger.endpoint_at(ENDPOINT, moment) for moment in ("2026-11-22T02", FOUR, "2026-11-22T04:59")]
        assert [one and one["version"] for one in at] == [None, "1.1.0", "1.1.0"]

    @pytest.mark.parametrize("held", [{"owner": "a:two", "fence": 3}, {"owner": "a:one", "fence": 4}, None])
    def test_a_stale_worker(self, ledger: Any, held: Any) -> None:  # noqa: F811
        """Another owner, another fence or no lease at all: nothing is written, of whatever."""
        if held:
            hold_lease(ledger, **held)

        assert not ledger.record_promotion(a_state(), [a_move()], lease=MINE)

        assert ledger.lease(ENDPOINT) == held
        assert ledger.endpoint_state(ENDPOINT) is None
        assert ledger.endpoint_history(ENDPOINT) == []
        assert ledger.alias_history("pricing", "hotel-rates", "champion") == []

    def test_an_alias_that_is_elsewhere(self, ledger: Any) -> None:  # noqa: F811
        """One move that can't be is none at all."""
        hold_lease(ledger, **MINE)
        ledger.move_alias(a_move(THREE))
        moves = [a_move(FOUR, alias="challenger"), a_move(FOUR, revision=1)]

        assert not ledger.record_promotion(a_state(FOUR), moves, lease=MINE)

        assert ledger.alias("pricing", "hotel-rates", "challenger") is None
        assert ledger.endpoint_state(ENDPOINT) is None

    def test_an_artifact_that_is_gone(self, ledger: Any) -> None:  # noqa: F811
        """No alias comes to point to what can't serve."""
        hold_lease(ledger, **MINE)
        ledger.put_version(a_version())
        ledger.note_artifact_removed(a_version(), THREE)

        assert not ledger.record_promotion(a_state(), [a_move()], lease=MINE)
        assert ledger.record_promotion(a_state(), [a_move(removed=True)], lease=MINE)

    def test_time_goes_forward(self, ledger: Any) -> None:  # noqa: F811
        """A state is never older than the one before, nor of the same moment."""
        hold_lease(ledger, **MINE)
        assert ledger.record_promotion(a_state(FOUR), [], lease=MINE)
        assert not ledger.record_promotion(a_state(FOUR, "1.2.0"), [], lease=MINE)
        assert not ledger.record_promotion(a_state(THREE, "1.2.0"), [], lease=MINE)

        assert ledger.endpoint_history(ENDPOINT) == [a_state(FOUR)]

    def test_two_at_once(self, ledger: Any, request: pytest.FixtureRequest) -> None:  # noqa: F811
        """One of them writes, the other one nothing."""
        if request.node.callspec.params["ledger"] == "dynamodb":
            pytest.skip("a transaction that moto undoes takes what others wrote meanwhile with it")
        hold_lease(ledger, **MINE)
        states = [a_state(version=f"1.{number}.0") for number in range(4)]

        with ThreadPoolExecutor(4) as pool:
            written = list(
                pool.map(
                    lambda state: ledger.record_promotion(
                        state, [a_move(version=state["version"])], lease=MINE
                    ),
                    states,
                )
            )

        assert sum(written) == 1
        (state,) = ledger.endpoint_history(ENDPOINT)
        assert ledger.alias("pricing", "hotel-rates", "champion")["version"] == state["version"]
