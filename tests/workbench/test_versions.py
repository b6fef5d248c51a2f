from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_version
from workbench.versions import (
    AmbiguousModelError,
    InvalidReferenceError,
    UnknownAliasError,
    UnknownModelError,
    UnknownVersionError,
    resolve,
)

RETRAINED = "1.1.0+retrain.20261101T120000Z"


@pytest.fixture
def ledger() -> Any:
    ledger = FakeLedger()
    for version in ("1.0.0", "1.1.0", RETRAINED):
        ledger.put_version(a_version(version))
    for revision, (alias, version) in enumerate([("champion", "1.0.0"), ("candidate", "1.1.0")]):
        ledger.move_alias(
            {
                "project": "pricing",
                "model": "hotel-rates",
                "alias": alias,
                "version": version,
                "release_id": "9f2c41d07b3a55e1",
                "moved_at": f"2026-11-22T0{revision}:00:00.000Z",
                "actor": "ana@example.com",
                "reason": "approval",
                "revision": 1,
            }
        )
    return ledger


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("hotel-rates", "1.0.0"),
        ("pricing/hotel-rates", "1.0.0"),
        ("hotel-rates@champion", "1.0.0"),
        ("pricing/hotel-rates@candidate", "1.1.0"),
        ("hotel-rates:1.1.0", "1.1.0"),
        (f"pricing/hotel-rates:{RETRAINED}", RETRAINED),
    ],
)
def test_a_version_is_found_by_what_people_call_it(ledger: Any, reference: str, version: str) -> None:
    """A model alone means its champion; a project need not be said where it is clear."""
    assert resolve(ledger, reference)["version"] == version


@pytest.mark.parametrize(
    ("reference", "error", "says"),
    [
        ("", InvalidReferenceError, "MODEL:VERSION"),
        ("hotel-rates@champion:1.0.0", InvalidReferenceError, "MODEL@ALIAS"),
        ("hotel rates", InvalidReferenceError, "hotel rates"),
        ("flights", UnknownModelError, "slipway registry list"),
        ("hotel-rates@shadow", UnknownAliasError, "slipway alias list pricing/hotel-rates"),
        ("elsewhere/hotel-rates", UnknownAliasError, "elsewhere/hotel-rates has no 'champion'"),
        ("hotel-rates:9.9.9", UnknownVersionError, "slipway experiment list --model pricing/hotel-rates"),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do_next(
    ledger: Any, reference: str, error: type[Exception], says: str
) -> None:
    """Each thing that can be missing has an error of its own, which names the command that shows more."""
    with pytest.raises(error, match=says):
        resolve(ledger, reference)


def test_a_name_of_two_projects_is_not_guessed(ledger: Any) -> None:
    """Where two projects have a model of one name, the project must be said."""
    ledger.put_version(a_version(project="travel"))

    with pytest.raises(AmbiguousModelError, match="pricing/hotel-rates, travel/hotel-rates"):
        resolve(ledger, "hotel-rates")
    assert resolve(ledger, "travel/hotel-rates:1.1.0")["project"] == "travel"
