from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slipway.usecases.sweep_pushes import RepositoriesNotSweptError, sweep_pushes
from tests.fakes.events import FakePlanner
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, REPOSITORY
from tests.fakes.registry import FakeRegistry


class TestSweepPushes:
    def sweep(self, registry: FakeRegistry, ledger: FakeLedger) -> list[tuple[str, str, str]]:
        planner = FakePlanner()
        sweep_pushes(prefix="models", registry=registry, ledger=ledger, planner=planner, clock=lambda: NOW)
        return planner.asked

    def answer(self, ledger: FakeLedger, tag: str, digest: str) -> None:
        record: Any = {"repository": REPOSITORY, "tag": tag, "digest": digest, "outcome": "started"}
        ledger.put_push(record)

    def test_push_whose_event_was_lost(self) -> None:
        """A push that nobody answered is asked for; one that was answered is not."""
        registry, ledger = FakeRegistry(), FakeLedger()
        known = registry.push(REPOSITORY, "1.0.0", "{}", pushed_at=NOW)
        registry.push(REPOSITORY, "1.1.0", "{}", pushed_at=NOW)
        self.answer(ledger, "1.0.0", known)

        assert self.sweep(registry, ledger) == [(REPOSITORY, "1.1.0", "sweep")]

    def test_tag_that_was_moved(self) -> None:
        """The same tag on another digest is another push."""
        registry, ledger = FakeRegistry(), FakeLedger()
        registry.push(REPOSITORY, "1.0.0", "{}", pushed_at=NOW)
        self.answer(ledger, "1.0.0", "sha256:before")

        assert self.sweep(registry, ledger) == [(REPOSITORY, "1.0.0", "sweep")]

    def test_old_pushes_are_left_alone(self) -> None:
        """A registry's past is not released when the platform comes to it."""
        registry = FakeRegistry()
        registry.push(REPOSITORY, "1.0.0", "{}", pushed_at=NOW - timedelta(days=3))

        assert self.sweep(registry, FakeLedger()) == []

    def test_other_repositories(self) -> None:
        """Only repositories under the platform's prefix are looked at."""
        registry = FakeRegistry()
        registry.push("team/thing", "1.0.0", "{}", pushed_at=NOW)

        assert self.sweep(registry, FakeLedger()) == []

    def test_one_repository_that_fails_keeps_no_other_from_being_swept(self) -> None:
        """What can be asked for is asked for; then the sweep fails, so that somebody is told."""
        registry, planner = FakeRegistry(), FakePlanner()
        registry.push("models/aa/first", "1.0.0", "{}", pushed_at=NOW)
        registry.push(REPOSITORY, "1.1.0", "{}", pushed_at=NOW)
        registry.closed.add("models/aa/first")

        with pytest.raises(RepositoriesNotSweptError, match="can't be looked into") as raised:
            sweep_pushes(
                prefix="models", registry=registry, ledger=FakeLedger(), planner=planner, clock=lambda: NOW
            )

        assert raised.value.repositories == ("models/aa/first",)
        assert planner.asked == [(REPOSITORY, "1.1.0", "sweep")]
