from __future__ import annotations

from typing import Any

import pytest

from slipway.usecases.tag_version import tag_version
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_version


@pytest.fixture
def ledger() -> FakeLedger:
    ledger = FakeLedger()
    ledger.put_version(a_version("1.1.0+retrain.20261101T120000Z"))
    return ledger


def ask(ledger: Any, version: str = "1.1.0+retrain.20261101T120000Z", **tags: str) -> Any:
    wish: Any = {"project": "pricing", "model": "hotel-rates", "version": version, "tags": tags}
    return tag_version(wish, ledger=ledger)


class TestTagVersion:
    def test_tags_are_set_and_taken_away_one_by_one(self, ledger: FakeLedger) -> None:
        """What is not named stays as it is; an empty value takes a tag away."""
        assert ask(ledger, team="rates", season="autumn")["outcome"] == "tagged"
        assert ask(ledger, season="")["tags"] == {"team": "rates"}
        assert ask(ledger, team="rates")["outcome"] == "unchanged"

    def test_change_that_comes_between_is_kept(self) -> None:
        """The second change is made on what the first one left."""

        class Crowded(FakeLedger):
            crowd = 1

            def tag_version(self, *subject: Any, tags: Any, instead_of: Any) -> Any:
                if self.crowd:
                    self.crowd -= 1
                    super().tag_version(*subject, tags={"other": "1"}, instead_of={})
                return super().tag_version(*subject, tags=tags, instead_of=instead_of)

        ledger = Crowded()
        ledger.put_version(a_version())

        assert ask(ledger, "1.1.0", team="rates")["tags"] == {"other": "1", "team": "rates"}

    @pytest.mark.parametrize(
        ("tags", "says"),
        [
            ({"slipway:version": "2.0.0"}, "the platform's own"),
            ({"metric:mae": "0"}, "the platform's own"),
            ({"team": "a\nb"}, "letters, digits"),
            ({"k" * 129: "x"}, "at most 128"),
            ({"k": "x" * 257}, "at most 256"),
            ({f"k{n}": "x" for n in range(21)}, "21 tags are too many"),
        ],
    )
    def test_what_a_model_package_could_not_hold_is_refused(
        self, ledger: FakeLedger, tags: dict[str, str], says: str
    ) -> None:
        """Tags are the package's properties as well: its limits hold, and nothing is changed."""
        answer = ask(ledger, **tags)

        assert (answer["outcome"], answer["tags"]) == ("refused", {})
        assert says in answer["reason"]

    def test_unknown_version(self, ledger: FakeLedger) -> None:
        """Nothing is made by a tag."""
        assert "slipway registry list" in ask(ledger, "9.9.9", a="b")["reason"]
