from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.refusals import Refusal
from slipway.domain.release import belongs_to, refusal_id, refuse_old_version, release_id, version_of
from slipway.domain.semver import Version
from tests.fakes.models import a_version

texts = st.text(max_size=20)


class TestReleaseId:
    @given(texts, texts, texts, st.lists(texts, max_size=3), texts)
    def test_same_parts_give_the_same_id(
        self, repository: str, version: str, digest: str, data: list[str], cause: str
    ) -> None:
        """The id is a function of repository, version, digest, data and cause: 16 hexadecimal digits."""
        one = release_id(repository, version, digest, data, cause)

        assert one == release_id(repository, version, digest, list(data), cause)
        assert len(one) == 16
        assert set(one) <= set("0123456789abcdef")

    def test_any_other_part_gives_another_id(self) -> None:
        """No two different requests share an id, not even when their texts join to the same."""
        requests = [
            ("models/a", "1.0.0", "sha256:1", ["x", "y"], "push"),
            ("models/b", "1.0.0", "sha256:1", ["x", "y"], "push"),
            ("models/a", "1.0.1", "sha256:1", ["x", "y"], "push"),
            ("models/a", "1.0.0", "sha256:2", ["x", "y"], "push"),
            ("models/a", "1.0.0", "sha256:1", ["xy"], "push"),
            ("models/a", "1.0.0", "sha256:1", ["y", "x"], "push"),
            ("models/a", "1.0.0", "sha256:1", ["x", "y"], "cli:2026"),
        ]

        ids = [release_id(*request) for request in requests]

        assert all(one != other for one, other in itertools.combinations(ids, 2))

    def test_refusals_differ_by_kind(self) -> None:
        """One push may be refused for one reason today and for another tomorrow."""
        assert refusal_id("r", "1.0.0", "d", "no data set") != refusal_id("r", "1.0.0", "d", "policy")


MOMENT = "20261124T043000Z"


class TestRetraining:
    def test_version_says_when(self) -> None:
        """A retraining has the version that was pushed, and its moment as build metadata."""
        assert str(version_of("1.4.0", MOMENT)) == "1.4.0+retrain.20261124T043000Z"

    def test_what_was_retrained_is_retrained_again(self) -> None:
        """Moments do not pile up: the image is the pushed version's."""
        assert str(version_of("1.4.0+retrain.20260101T000000Z", MOMENT)) == f"1.4.0+retrain.{MOMENT}"

    @pytest.mark.parametrize(
        "moment", ["today", "2026-11-24T04:30:00Z", "20261124T043000Z.x", "20261124T0430Z"]
    )
    def test_moment_has_one_form(self, moment: str) -> None:
        """Text order must be time order."""
        refusal = version_of("1.4.0", moment)

        assert isinstance(refusal, Refusal)
        assert repr(moment) in refusal.reason

    def test_tag_that_is_no_version_is_refused_as_ever(self) -> None:
        """Retraining changes nothing about what may be released."""
        assert isinstance(version_of("latest", MOMENT), Refusal)


def refusal_of(version: str, released: dict[str, str], champion: str = "") -> str:
    records = [a_version(one, approval=approval) for one, approval in released.items()]
    refusal = refuse_old_version(Version.parse(version), records, champion)
    return refusal.kind if refusal is not None else ""


class TestRefuseOldVersion:
    def test_champion_may_be_retrained(self) -> None:
        """A retraining is newer than what it retrains, and the later of two the newer."""
        first, second = "1.0.0+retrain.20261101T000000Z", f"1.0.0+retrain.{MOMENT}"

        assert refusal_of(first, {"1.0.0": "approved"}, "1.0.0") == ""
        assert refusal_of(second, {"1.0.0": "approved", first: "approved"}, first) == ""
        assert refusal_of(first, {"1.0.0": "approved", second: "approved"}, second) == "version is not newer"

    def test_retraining_is_older_than_the_next_version(self) -> None:
        """Who retrains what no longer serves is told so."""
        retrained = f"1.0.0+retrain.{MOMENT}"

        assert refusal_of(retrained, {"1.0.0": "approved", "1.0.1": "approved"}, "1.0.1")
        assert refusal_of("1.0.1", {"1.0.0": "approved", retrained: "approved"}, retrained) == ""

    def test_champion_is_retrained_after_a_roll_back(self) -> None:
        """Higher versions that were approved once don't keep what serves from being trained again."""
        released = {"1.0.0": "approved", "1.1.0": "approved"}

        assert refusal_of(f"1.0.0+retrain.{MOMENT}", released, "1.0.0") == ""
        assert refusal_of("1.0.1", released, "1.0.0") == "version is not newer"

    @pytest.mark.parametrize("approval", ["pending", "approved"])
    def test_what_is_decided_or_waits_is_not_released_again(self, approval: str) -> None:
        """The refusal names the way out: retrain, a higher version, or (if it waits) a decision."""
        records = [a_version("1.0.0", approval=approval)]
        refusal = refuse_old_version(Version.parse("1.0.0"), records, "")

        assert refusal is not None
        assert refusal.kind == "version is taken"
        assert "--retrain" in refusal.reason
        assert ("slipway approval open" in refusal.reason) == (approval == "pending")

    def test_taken_version_is_told_so_whatever_is_newer(self) -> None:
        """A higher version beside it does not hide the way out."""
        assert refusal_of("1.0.0", {"1.0.0": "approved", "1.1.0": "approved"}) == "version is taken"

    @pytest.mark.parametrize("approval", ["rejected", "expired", "abandoned"])
    def test_number_of_what_came_to_nothing_is_free(self, approval: str) -> None:
        """It may be tried again under the same version."""
        assert refusal_of("1.0.0", {"1.0.0": approval}) == ""


class TestBelongsTo:
    def test_repositories_of_other_forms(self) -> None:
        """A repository without a project has none; its name stands for the model."""
        assert belongs_to("models/pricing/hotel-rates", "models") == ("pricing", "hotel-rates")
        assert belongs_to("pricing/hotel-rates", "") == ("pricing", "hotel-rates")
        assert belongs_to("models/hotel-rates", "models") == ("", "models/hotel-rates")
        assert belongs_to("models/a/b/c", "models") == ("", "models/a/b/c")
