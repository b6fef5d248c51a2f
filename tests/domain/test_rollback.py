"""Where a rollback leads to, over any history of what served."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.rollback import refusals_of, served_before
from tests.fakes.models import a_version

VERSIONS = st.sampled_from(["1.0.0", "1.1.0", "1.2.0", "1.3.0"])


def moves(*versions: str) -> Any:
    """Of the alias, newest first."""
    return [{"version": one} for one in reversed(versions)]


@given(st.lists(VERSIONS, max_size=12))
def test_rolling_back_again_and_again_ends_and_never_comes_back(served: list[str]) -> None:
    seen = served[-1:]
    while before := served_before(moves(*served)):
        assert before not in seen
        seen.append(before)
        served = [*served, before]
    assert len(seen) <= 4


@given(st.lists(VERSIONS, min_size=2, max_size=12, unique=True))
def test_after_releases_alone_it_is_the_one_before(served: list[str]) -> None:
    assert served_before(moves(*served)) == served[-2]


@given(st.lists(VERSIONS, max_size=12))
def test_it_served_and_does_not_serve_now(served: list[str]) -> None:
    before = served_before(moves(*served))
    assert not before or (before in served[:-1] and before != served[-1])


def test_a_version_that_was_released_after_a_rollback_goes_back_to_what_was_rolled_back_to() -> None:
    assert served_before(moves("1.0.0", "1.1.0", "1.0.0", "1.2.0")) == "1.0.0"


@pytest.mark.parametrize(
    ("changes", "there", "why"),
    [
        ({"approval": "approved"}, True, ""),
        ({"approval": "pending"}, True, "1.0.0 is not approved: it is pending"),
        ({"approval": "approved"}, False, "the artifact of 1.0.0 is gone: there is no s3://artifacts"),
        (
            {"approval": "approved", "artifact_removed_at": "2026-11-01T00:00:00.000Z"},
            True,
            "the artifact of 1.0.0 was removed at 2026-11-01",
        ),
    ],
)
def test_why_a_version_may_not_serve(*, changes: Any, there: bool, why: str) -> None:
    found = refusals_of(a_version("1.0.0", **changes), serving="1.1.0", artifact_there=there)
    assert len(found) == (1 if why else 0)
    assert all(why in one for one in found)


def test_every_reason_is_said() -> None:
    found = refusals_of(a_version("1.0.0", approval="rejected"), serving="1.0.0", artifact_there=False)
    assert len(found) == 3
