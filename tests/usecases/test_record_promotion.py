from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slipway.domain.errors import AliasMovedError, LeaseLostError
from tests.fakes.endpoint_ledger import ENDPOINT, EndpointLedger, release_of


@pytest.fixture
def endpoint() -> EndpointLedger:
    made = EndpointLedger()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        made.register(version)
    return made


class TestServe:
    def test_first_version(self, endpoint: EndpointLedger) -> None:
        """State, history and alias come together; who and why are kept."""
        document = endpoint.document("serve", "1.0.0")

        answer = endpoint.record(document)

        assert answer == {"alias": "champion", "version": "1.0.0", "previous": None, "moved": ["champion"]}
        state = endpoint.state()
        assert (state["status"], state["kind"]) == ("in-service", "real-time")
        assert state["config_name"] == document["promotion"]["endpoint_config_name"]
        assert state["layout"] == document["promotion"]["layout"]
        assert (state["actor"], state["reason"]) == ("ana@example.com", "better on every slice")
        assert (state["execution_arn"], state["fence"]) == (document["lease"]["owner"], 1)
        assert endpoint.ledger.endpoint_history(ENDPOINT) == [state]
        alias = endpoint.ledger.alias("pricing", "hotel-rates", "champion")
        assert (alias["version"], alias["moved_at"], alias["revision"]) == ("1.0.0", state["changed_at"], 1)

    def test_the_next_and_back(self, endpoint: EndpointLedger) -> None:
        """A rollback is a move like any other."""
        for version in ("1.0.0", "1.1.0", "1.0.0"):
            endpoint.promote("serve", version)

        history = endpoint.ledger.alias_history("pricing", "hotel-rates", "champion")
        assert [one["version"] for one in history] == ["1.0.0", "1.1.0", "1.0.0"]
        served = endpoint.ledger.endpoint_history(ENDPOINT)
        assert [one["version"] for one in served] == ["1.0.0", "1.1.0", "1.0.0"]

    def test_tried_twice(self, endpoint: EndpointLedger) -> None:
        """A retry of what was recorded is no second entry."""
        document = endpoint.document("serve", "1.0.0")
        endpoint.record(document)

        assert endpoint.record(document)["moved"] == []
        assert len(endpoint.ledger.endpoint_history(ENDPOINT)) == 1
        assert len(endpoint.ledger.alias_history("pricing", "hotel-rates", "champion")) == 1

    def test_a_clock_that_is_behind(self, endpoint: EndpointLedger) -> None:
        """History goes forward, whatever clocks say."""
        endpoint.promote("serve", "1.0.0")
        endpoint.now -= timedelta(hours=1)
        endpoint.promote("serve", "1.1.0")

        new, old = endpoint.ledger.endpoint_history(ENDPOINT)
        assert new["changed_at"] > old["changed_at"]


class TestStaleWorker:
    def test_another_promotion_took_the_lease(self, endpoint: EndpointLedger) -> None:
        """Whoever was thought dead and goes on writes nothing."""
        endpoint.promote("serve", "1.0.0")
        stale = endpoint.document("serve", "1.1.0")
        endpoint.take_lease()

        with pytest.raises(LeaseLostError, match="taken endpoint"):
            endpoint.record(stale)

        assert endpoint.aliases() == {"champion": "1.0.0"}
        assert endpoint.state()["version"] == "1.0.0"

    def test_its_own_earlier_try(self, endpoint: EndpointLedger) -> None:
        """The same execution with an older fence is stale too."""
        document = endpoint.document("serve", "1.0.0")
        endpoint.ledger.fences[ENDPOINT] += 1

        with pytest.raises(LeaseLostError):
            endpoint.record(document)

    def test_another_champion_since_it_was_planned(self, endpoint: EndpointLedger) -> None:
        """A promotion that was planned on an older champion moves nothing."""
        endpoint.promote("serve", "1.0.0")
        document = endpoint.document("serve", "1.1.0")
        endpoint.promote("serve", "1.2.0")
        document["lease"] = endpoint.take_lease()

        with pytest.raises(AliasMovedError, match=r"points to 1\.2\.0"):
            endpoint.record(document)
        assert endpoint.aliases() == {"champion": "1.2.0"}

    def test_an_artifact_that_was_removed_meanwhile(self, endpoint: EndpointLedger) -> None:
        """No alias comes to point to what can't serve again; state and history stay as they were too."""
        document = endpoint.document("serve", "1.0.0")
        record = endpoint.ledger.version("pricing", "hotel-rates", "1.0.0")
        endpoint.ledger.note_artifact_removed(record, "2026-11-22T03:00:00.000Z")

        with pytest.raises(AliasMovedError):
            endpoint.record(document)
        assert endpoint.state() is None


class TestAliases:
    def test_of_a_trial(self, endpoint: EndpointLedger) -> None:
        """The challenger's alias comes and goes with it; the trial stands in the state meanwhile."""
        endpoint.promote("serve", "1.0.0")
        endpoint.promote("beside", "1.1.0", share=0.2, trial_id="t1")
        assert endpoint.aliases() == {"champion": "1.0.0", "challenger": "1.1.0"}
        assert endpoint.state()["trial_id"] == "t1"

        endpoint.promote("serve", "1.1.0", trial_id="t1")

        assert endpoint.aliases() == {"champion": "1.1.0"}
        assert "trial_id" not in endpoint.state()

    def test_of_versions_side_by_side(self, endpoint: EndpointLedger) -> None:
        """Each has its own."""
        endpoint.promote("serve", "1.0.0")
        endpoint.promote("beside", "1.1.0", share=0.2)
        endpoint.promote("beside", "1.2.0", share=0.0)
        assert endpoint.aliases() == {
            "champion": "1.0.0",
            "beside-1-1-0": "1.1.0",
            "beside-1-2-0": "1.2.0",
        }

        endpoint.promote("remove", "1.1.0")

        assert endpoint.aliases() == {"champion": "1.0.0", "beside-1-2-0": "1.2.0"}

    def test_an_alias_comes_again(self, endpoint: EndpointLedger) -> None:
        """Its history goes on where it ended."""
        endpoint.promote("serve", "1.0.0")
        for _ in range(2):
            endpoint.promote("shadow", "1.1.0")
            endpoint.promote("remove", "1.1.0")

        moves = endpoint.ledger.alias_history("pricing", "hotel-rates", "shadow")
        assert [(one["revision"], bool(one.get("removed"))) for one in moves] == [
            (4, True),
            (3, False),
            (2, True),
            (1, False),
        ]
        assert moves[0]["version"] == "1.1.0"

    def test_of_people_s_own_stay(self, endpoint: EndpointLedger) -> None:
        """A promotion moves none that somebody set by hand."""
        record = {"alias": "candidate", "version": "1.2.0", "release_id": release_of("1.2.0")}
        record |= {"project": "pricing", "model": "hotel-rates", "actor": "bo", "reason": "", "revision": 1}
        endpoint.ledger.move_alias(record | {"moved_at": "2026-11-22T02:00:00.000Z"})

        endpoint.promote("serve", "1.0.0")

        assert endpoint.aliases() == {"champion": "1.0.0", "candidate": "1.2.0"}


class TestStop:
    def test_what_served_is_kept(self, endpoint: EndpointLedger) -> None:
        """The champion's alias stays, so that the next version is compared with it; others go."""
        endpoint.promote("serve", "1.0.0")
        endpoint.promote("beside", "1.1.0", share=0.5)
        served = endpoint.state()["layout"]

        endpoint.promote("stop", "1.0.0")

        assert (endpoint.state()["status"], endpoint.state()["layout"]) == ("stopped", served)
        assert endpoint.aliases() == {"champion": "1.0.0"}

    def test_tried_twice(self, endpoint: EndpointLedger) -> None:
        """A retry is no second entry."""
        endpoint.promote("serve", "1.0.0")
        document = endpoint.document("stop", "1.0.0")
        endpoint.record(document)
        endpoint.record(document)

        assert len(endpoint.ledger.endpoint_history(ENDPOINT)) == 2

    def test_start_again(self, endpoint: EndpointLedger) -> None:
        """The champion serves again, alone."""
        endpoint.promote("serve", "1.0.0")
        endpoint.promote("stop", "1.0.0")
        promotion = endpoint.promote("serve", "1.0.0")

        assert promotion["believed_config"] is None
        assert endpoint.state()["status"] == "in-service"


class TestHistory:
    def test_what_served_at_a_moment(self, endpoint: EndpointLedger) -> None:
        """Between two promotions it is what the first of them left."""
        moments = []
        for action, version in (
            ("serve", "1.0.0"),
            ("shadow", "1.1.0"),
            ("serve", "1.1.0"),
            ("stop", "1.1.0"),
        ):
            endpoint.promote(action, version)
            moments.append(endpoint.state()["changed_at"])

        def at(moment: str) -> Any:
            found = endpoint.ledger.endpoint_at(ENDPOINT, moment)
            return found and (found["status"], [one["version"] for one in found["layout"]])

        assert at("2026-11-22T02:59:59.999Z") is None
        assert [at(moment) for moment in moments] == [
            ("in-service", ["1.0.0"]),
            ("in-service", ["1.0.0", "1.1.0"]),
            ("in-service", ["1.1.0"]),
            ("stopped", ["1.1.0"]),
        ]
        assert at(moments[1][:-1] + "Z~") == at(moments[1])
