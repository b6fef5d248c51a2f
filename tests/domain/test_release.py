from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.release import belongs_to, refusal_id, release_id

texts = st.text(max_size=20)


class TestReleaseId:
    @given(texts, texts, st.lists(texts, max_size=3), texts)
    def test_same_parts_give_the_same_id(
        self, repository: str, digest: str, data: list[str], cause: str
    ) -> None:
        """The id is a function of repository, digest, data and cause: 16 hexadecimal digits."""
        one = release_id(repository, digest, data, cause)

        assert one == release_id(repository, digest, list(data), cause)
        assert len(one) == 16
        assert set(one) <= set("0123456789abcdef")

    def test_any_other_part_gives_another_id(self) -> None:
        """No two different requests share an id, not even when their texts join to the same."""
        requests = [
            ("models/a", "sha256:1", ["x", "y"], "push"),
            ("models/b", "sha256:1", ["x", "y"], "push"),
            ("models/a", "sha256:2", ["x", "y"], "push"),
            ("models/a", "sha256:1", ["xy"], "push"),
            ("models/a", "sha256:1", ["y", "x"], "push"),
            ("models/a", "sha256:1", ["x", "y"], "cli:2026"),
        ]

        ids = [release_id(*request) for request in requests]

        assert all(one != other for one, other in itertools.combinations(ids, 2))

    def test_refusals_differ_by_kind(self) -> None:
        """One push may be refused for one reason today and for another tomorrow."""
        assert refusal_id("r", "1.0.0", "d", "no data set") != refusal_id("r", "1.0.0", "d", "policy")


class TestBelongsTo:
    def test_repositories_of_other_forms(self) -> None:
        """A repository without a project has none; its name stands for the model."""
        assert belongs_to("models/pricing/hotel-rates", "models") == ("pricing", "hotel-rates")
        assert belongs_to("pricing/hotel-rates", "") == ("pricing", "hotel-rates")
        assert belongs_to("models/hotel-rates", "models") == ("", "models/hotel-rates")
        assert belongs_to("models/a/b/c", "models") == ("", "models/a/b/c")
