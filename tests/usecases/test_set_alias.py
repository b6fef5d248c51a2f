from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.domain.aliases import spans
from slipway.usecases.set_alias import set_alias
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_version

SUBJECT = ("pricing", "hotel-rates")
VERSIONS = ("1.0.0", "1.1.0", "1.1.0+retrain.20261101T120000Z")


def wish(version: str = "1.0.0", alias: str = "candidate", **more: Any) -> Any:
    return {
        "project": "pricing",
        "model": "hotel-rates",
        "alias": alias,
        "version": version,
        "actor": "arn:aws:iam::123456789012:user/ana",
        "reason": "tried in the lab",
        **more,
    }


@pytest.fixture
def ledger() -> FakeLedger:
    return a_ledger()


def a_ledger() -> FakeLedger:
    ledger = FakeLedger()
    for version in VERSIONS:
        ledger.put_version(a_version(version, approval="approved"))
    ledger.put_version(a_version("0.9.0", approval="rejected"))
    ledger.put_version(
        a_version("0.8.0", approval="approved", artifact_removed_at="2026-11-01T00:00:00.000Z")
    )
    return ledger


def ask(ledger: FakeLedger, *args: Any, **more: Any) -> Any:
    return set_alias(wish(*args, **more), ledger=ledger, clock=lambda: NOW)


class TestSetAlias:
    def test_a_name_of_ones_own_is_set_and_moved(self, ledger: FakeLedger) -> None:
        """Who, why and when are kept with each move, also when the clock stands still."""
        first, second = ask(ledger), ask(ledger, VERSIONS[2])

        assert (first["outcome"], second["outcome"]) == ("moved", "moved")
        assert second["alias"] == {
            "project": "pricing",
            "model": "hotel-rates",
            "alias": "candidate",
            "version": VERSIONS[2],
            "release_id": "9f2c41d07b3a55e1",
            "moved_at": "2026-11-22T03:00:00.001Z",
            "actor": "arn:aws:iam::123456789012:user/ana",
            "reason": "tried in the lab",
            "revision": 2,
        }
        assert len(ledger.alias_history(*SUBJECT, "candidate")) == 2

    def test_where_it_points_already(self, ledger: FakeLedger) -> None:
        """The same version again is no move."""
        ask(ledger)

        assert ask(ledger)["outcome"] == "unchanged"
        assert len(ledger.alias_history(*SUBJECT, "candidate")) == 1

    def test_removal_keeps_the_history(self, ledger: FakeLedger) -> None:
        """A removed alias points nowhere, can't be removed again, and may be set again."""
        ask(ledger)

        assert ask(ledger, "")["outcome"] == "removed"
        assert ledger.alias(*SUBJECT, "candidate") is None
        assert "has no alias 'candidate'" in ask(ledger, "")["reason"]
        assert ask(ledger)["alias"]["revision"] == 3
        assert [bool(one.get("removed")) for one in ledger.alias_history(*SUBJECT, "candidate")] == [
            False,
            True,
            False,
        ]

    @pytest.mark.parametrize("alias", ["champion", "challenger", "shadow", "ab-price"])
    def test_what_says_what_serves_is_protected(self, ledger: FakeLedger, alias: str) -> None:
        """Only a promotion moves these; neither setting nor removing them by hand changes anything."""
        assert "only a promotion moves it" in ask(ledger, alias=alias)["reason"]
        assert ask(ledger, "", alias)["outcome"] == "refused"
        assert ledger.aliases(*SUBJECT) == []

    @pytest.mark.parametrize("alias", ["", "Candidate", "9lives", "a b", "a#b", "a" * 41, "a@b", "ä"])
    def test_names_that_are_none(self, ledger: FakeLedger, alias: str) -> None:
        """A name must be one that keys, commands and people can tell apart."""
        assert "is no name for an alias" in ask(ledger, alias=alias)["reason"]

    @pytest.mark.parametrize(
        ("version", "says"),
        [("9.9.9", "not registered"), ("0.9.0", "is rejected"), ("0.8.0", "was removed at 2026-11-01")],
    )
    def test_versions_that_cannot_serve(self, ledger: FakeLedger, version: str, says: str) -> None:
        """An alias names what may serve: registered, not turned down, with its artifact."""
        answer = ask(ledger, version)

        assert answer["outcome"] == "refused"
        assert says in answer["reason"]
        assert ledger.aliases(*SUBJECT) == []

    def test_who_saw_an_older_revision_is_refused(self, ledger: FakeLedger) -> None:
        """With an expected revision the alias moves from there or not at all."""
        ask(ledger, expected_revision=0)

        assert "is at revision 1, not 0" in ask(ledger, "1.1.0", expected_revision=0)["reason"]
        assert ask(ledger, "1.1.0", expected_revision=1)["outcome"] == "moved"


class TestLaws:
    @given(
        asked=st.lists(st.tuples(st.sampled_from(["", *VERSIONS]), st.integers(-5, 5)), max_size=25),
    )
    def test_history_is_all_that_happened(self, asked: list[tuple[str, int]]) -> None:
        """
        Whatever is asked, by whatever clocks: revisions have no gap, times rise, and spans meet.
        """
        ledger, clock, made = a_ledger(), NOW, []
        for version, seconds in asked:
            clock += timedelta(seconds=seconds)
            answer = set_alias(wish(version), ledger=ledger, clock=lambda now=clock: now)
            if answer["outcome"] in ("moved", "removed"):
                made.append(answer["alias"])

        moves = list(reversed(ledger.alias_history(*SUBJECT, "candidate")))
        assert moves == made
        assert [one["revision"] for one in moves] == list(range(1, len(moves) + 1))
        assert sorted({one["moved_at"] for one in moves}) == [one["moved_at"] for one in moves]
        found = spans(moves)
        assert [one.version for one in found] == [m["version"] for m in moves if not m.get("removed")]
        assert all(one.since < one.until for one in found if one.until)
        now = ledger.alias(*SUBJECT, "candidate")
        assert [one.version for one in found if not one.until] == ([now["version"]] if now else [])

    @settings(max_examples=20, deadline=None)
    @given(hands=st.integers(2, 8), asks=st.integers(1, 6))
    def test_concurrent_hands_lose_nothing(self, hands: int, asks: int) -> None:
        """
        However many set one alias at once, each that was told "moved" stands in the history, once.
        """
        ledger = a_ledger()

        def hand(number: int) -> list[int]:
            answers = [ask(ledger, VERSIONS[(number + n) % len(VERSIONS)]) for n in range(asks)]
            return [answer["alias"]["revision"] for answer in answers if answer["outcome"] == "moved"]

        with ThreadPoolExecutor(hands) as pool:
            told = sorted(revision for revisions in pool.map(hand, range(hands)) for revision in revisions)

        history = ledger.alias_history(*SUBJECT, "candidate")
        assert told == list(range(1, len(history) + 1))
        assert [one["revision"] for one in reversed(history)] == told
