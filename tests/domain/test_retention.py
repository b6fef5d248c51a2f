"""Laws of retention: what is in use is never removed, and what nobody uses any more is, in time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.retention import ModelInUse, is_due, last_used, refusal, rollback_targets
from slipway.domain.timestamps import timestamp
from tests.fakes.models import a_version

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.2.0+retrain.20261101T120000Z", "2.0.0")
APPROVALS = ("pending", "approved", "rejected", "expired", "abandoned")
POLICY: Any = {"experiment_days": 30, "version_days": 365, "keep_versions": 2}


def day(number: float) -> str:
    return timestamp(EPOCH + timedelta(days=number))


def moves(alias: str, steps: list[tuple[str, bool]], start: int) -> list[Any]:
    """Moves of an alias, one every ten days."""
    return [
        {
            "project": "pricing",
            "model": "hotel-rates",
            "alias": alias,
            "version": version,
            "release_id": version,
            "moved_at": day(start + n * 10),
            "actor": "a",
            "reason": "",
            "revision": n + 1,
            **({"removed": True} if removed else {}),
        }
        for n, (version, removed) in enumerate(steps)
    ]


def a_registered(version: str, approval: str = "approved", registered: float = 0, **more: Any) -> Any:
    return a_version(
        version,
        approval=approval,
        registered_at=day(registered),
        model_uri=f"s3://artifacts/{version}/model.tar.gz",
        **more,
    )


policies = st.fixed_dictionaries(
    {
        "experiment_days": st.integers(1, 400),
        "version_days": st.integers(1, 400),
        "keep_versions": st.integers(0, 6),
    }
)
steps = st.lists(st.tuples(st.sampled_from(VERSIONS), st.booleans()), max_size=12)


@st.composite
def uses(draw: st.DrawFn) -> ModelInUse:
    champions = [(version, False) for version, _ in draw(steps)]
    own = draw(st.dictionaries(st.sampled_from(["candidate", "shadow"]), steps, max_size=2))
    served = draw(st.lists(st.sampled_from(VERSIONS), max_size=2))
    return ModelInUse(
        moves={
            "champion": moves("champion", champions, draw(st.integers(0, 50))),
            **{alias: moves(alias, taken, draw(st.integers(0, 50))) for alias, taken in own.items()},
        },
        served={f"s3://artifacts/{version}/model.tar.gz": "slipway-dev-p-m" for version in served},
        promotion=draw(st.sampled_from(["", "", "arn:aws:states:e:1:execution:promote:one"])),
        release=draw(st.sampled_from(["", "", "9f2c41d07b3a55e1"])),
    )


class TestLaws:
    @given(
        in_use=uses(),
        policy=policies,
        version=st.sampled_from(VERSIONS),
        approval=st.sampled_from(APPROVALS),
        after=st.integers(0, 2000),
    )
    def test_what_is_in_use_is_never_removed(
        self, in_use: ModelInUse, policy: Any, version: str, approval: str, after: int
    ) -> None:
        """
        However old: nothing with an alias, served, to roll back to, or under way.
        """
        record = a_registered(version, approval)
        removed = not refusal(record, in_use, policy) and is_due(
            record, in_use, policy, EPOCH + timedelta(days=after)
        )

        pointed = {
            taken[-1]["version"] for taken in in_use.moves.values() if taken and "removed" not in taken[-1]
        }
        champions = [move["version"] for move in in_use.moves["champion"]]
        back: list[str] = []
        for one in reversed(champions):
            if one != champions[-1] and one not in back:
                back.append(one)
        if removed:
            assert version not in pointed
            assert record["model_uri"] not in in_use.served
            assert approval != "pending"
            assert version not in back[: policy["keep_versions"]]
            assert (in_use.promotion, in_use.release) == ("", "")

    @given(in_use=uses(), policy=policies, version=st.sampled_from(VERSIONS))
    def test_time_only_ever_frees(self, in_use: ModelInUse, policy: Any, version: str) -> None:
        """
        What is due stays due, and a longer time keeps longer.
        """
        record = a_registered(version)
        due = [is_due(record, in_use, policy, EPOCH + timedelta(days=n)) for n in range(0, 1000, 50)]
        longer = {**policy, "version_days": policy["version_days"] + 100}

        assert due == sorted(due)
        for n in range(0, 1000, 50):
            now = EPOCH + timedelta(days=n)
            assert is_due(record, in_use, policy, now) or not is_due(record, in_use, longer, now)

    @given(policy=policies, version=st.sampled_from(VERSIONS), approval=st.sampled_from(APPROVALS[1:]))
    def test_what_nobody_ever_used_goes_in_time(self, policy: Any, version: str, approval: str) -> None:
        """
        Without alias, endpoint and work under way, an artifact is removed exactly when its days are over.
        """
        record, nobody = a_registered(version, approval), ModelInUse()
        days = policy["version_days" if approval == "approved" else "experiment_days"]

        assert refusal(record, nobody, policy) == ""
        assert not is_due(record, nobody, policy, EPOCH + timedelta(days=days, seconds=-1))
        assert is_due(record, nobody, policy, EPOCH + timedelta(days=days))

    @given(taken=steps, keep=st.integers(0, 6))
    def test_rollback_targets_are_distinct_and_never_what_serves(
        self, taken: list[tuple[str, bool]], keep: int
    ) -> None:
        """
        Each counts once, however often it served.
        """
        champions = moves("champion", [(version, False) for version, _ in taken], 0)
        targets = rollback_targets(champions, keep)

        assert len(set(targets)) == len(targets) <= keep
        assert not champions or champions[-1]["version"] not in targets
        assert set(targets) <= {version for version, _ in taken}


class TestTime:
    def test_counts_from_when_the_last_alias_left(self) -> None:
        """A champion of years that was replaced yesterday is not old."""
        history = moves("champion", [("1.0.0", False), ("1.1.0", False)], 400)
        record = a_registered("1.0.0", decided_at=day(2))

        assert last_used(record, ModelInUse(moves={"champion": history})) == day(410)
        assert last_used(record, ModelInUse()) == day(2)
        assert last_used(a_registered("1.0.0", registered=3), ModelInUse()) == day(3)


class TestReasons:
    @pytest.mark.parametrize(
        ("in_use", "approval", "says"),
        [
            (
                ModelInUse(moves={"champion": moves("champion", [("1.0.0", False)], 0)}),
                "approved",
                "promote another",
            ),
            (
                ModelInUse(moves={"candidate": moves("candidate", [("1.0.0", False)], 0)}),
                "approved",
                "slipway alias set` or `remove pricing/hotel-rates@candidate",
            ),
            (
                ModelInUse(served={"s3://artifacts/1.0.0/model.tar.gz": "slipway-dev-p-m"}),
                "approved",
                "the endpoint slipway-dev-p-m serves",
            ),
            (ModelInUse(), "pending", "slipway approval open"),
            (ModelInUse(promotion="arn:aws:states:e:1:execution:promote:one"), "approved", r"\(one\)"),
            (ModelInUse(release="9f2c41d07b3a55e1"), "approved", "release 9f2c41d07b3a55e1"),
            (
                ModelInUse(moves={"champion": moves("champion", [("1.0.0", False), ("1.1.0", False)], 0)}),
                "approved",
                "retention.keep_versions",
            ),
        ],
    )
    def test_each_says_what_to_do(self, in_use: ModelInUse, approval: str, says: str) -> None:
        """A refusal names what needs the artifact, and what would free it."""
        assert re.search(says, refusal(a_registered("1.0.0", approval), in_use, POLICY))
