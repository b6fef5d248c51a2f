from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.semver import InvalidVersionError, InvalidVersionRangeError, Version, VersionRange

NUMBERS = st.integers(0, 10**6)
WORDS = st.from_regex(r"\A(?:0|[1-9][0-9]{0,3}|[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,3})\Z")
BUILD = st.from_regex(r"\A[0-9a-zA-Z-]{1,4}\Z")


def any_version(numbers: st.SearchStrategy[int] = NUMBERS) -> st.SearchStrategy[Version]:
    parts = st.lists(WORDS, max_size=3).map(tuple)
    return st.builds(Version, numbers, numbers, numbers, parts, st.lists(BUILD, max_size=2).map(tuple))


CLOSE = any_version(st.integers(0, 2))
"""Versions so near to each other that equal ones and neighbours turn up."""


class TestVersion:
    def test_precedence_is_that_of_the_specification(self) -> None:
        """
        The chain of semver.org's rule 11 is in ascending order.
        """
        chain = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.1.0",
            "1.10.0",
            "2.0.0",
        ]

        assert chain == [str(version) for version in sorted(map(Version.parse, reversed(chain)))]

    def test_build_metadata_is_kept_but_not_compared(self) -> None:
        """
        Two builds of one version are equal, and each still says its own build.
        """
        one, other = Version.parse("1.4.0+20260101"), Version.parse("1.4.0+20260202")

        assert one == other
        assert hash(one) == hash(other)
        assert str(other) == "1.4.0+20260202"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1",
            "1.2",
            "v1.2.3",
            "1.2.3 ",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "१.0.0",
            "latest",
            "1.2.3\n",
            "-1.2.3",
            "1.2.3-ä",
            "1.2." + "9" * 200,
        ],
    )
    def test_what_is_no_version_is_refused_by_name(self, text: str) -> None:
        """
        A text that the specification does not allow is refused, and the error keeps it.
        """
        with pytest.raises(InvalidVersionError, match=r"MAJOR\.MINOR\.PATCH") as caught:
            Version.parse(text)

        assert caught.value.text == text

    @given(any_version())
    def test_text_reads_back(self, version: Version) -> None:
        """
        A version's text reads back as the same version, build metadata included.
        """
        again = Version.parse(str(version))

        assert again == version
        assert again.build == version.build

    @given(CLOSE, CLOSE)
    def test_exactly_one_of_less_equal_greater_holds(self, a: Version, b: Version) -> None:
        """
        The order is total and antisymmetric.
        """
        assert [a < b, a == b, a > b].count(True) == 1
        assert (a < b) == (b > a)
        assert (a <= b) == (not b < a)

    @given(CLOSE, CLOSE, CLOSE)
    def test_order_is_transitive(self, a: Version, b: Version, c: Version) -> None:
        """
        Sorting any three puts each before or level with the next.
        """
        low, middle, high = sorted([a, b, c])

        assert low <= middle <= high
        assert low <= high

    @given(CLOSE, CLOSE)
    def test_equal_versions_hash_alike(self, a: Version, b: Version) -> None:
        """
        Equal versions are one key of a dictionary.
        """
        assert a != b or hash(a) == hash(b)

    @given(any_version())
    def test_a_prerelease_comes_before_its_release(self, version: Version) -> None:
        """
        Dropping the prerelease never lowers a version.
        """
        assert version <= Version(*version.core)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: f"{at:%Y%m%dT%H%M%SZ}")  # noqa: DTZ001 - UTC


class TestRetraining:
    @given(any_version(), MOMENTS, MOMENTS)
    def test_later_retraining_follows(self, version: Version, one: str, other: str) -> None:
        """
        Of two retrainings the later follows the earlier, both follow the version; their precedence is one.
        """
        first, second = version.retrained(one), version.retrained(other)

        assert first.follows(second) == (one > other)
        assert first.follows(version.pushed)
        assert not version.pushed.follows(first)
        assert first == second == version

    @given(CLOSE, CLOSE, MOMENTS)
    def test_higher_version_follows_a_retraining(self, low: Version, high: Version, moment: str) -> None:
        """
        What is pushed under a higher version comes after every retraining of lower ones.
        """
        assert high.follows(low.retrained(moment)) == (high > low)

    @given(any_version(), MOMENTS)
    def test_reads_back(self, version: Version, moment: str) -> None:
        """
        The moment is found in the text, and the version that was pushed.
        """
        again = Version.parse(str(version.retrained(moment)))

        assert again.retrained_at == moment
        assert str(again.pushed) == str(version.pushed)

    def test_other_build_metadata_is_no_retraining(self) -> None:
        """
        Only what the platform writes counts.
        """
        others = ("1.0.0+5", "1.0.0+retrain", "1.0.0+retrain.today", "1.0.0+x.20261124T043000Z")

        assert [text for text in others if Version.parse(text).retrained_at] == []
        with pytest.raises(InvalidVersionError):
            Version.parse("1.0.0").retrained("2026-11-24")


class TestVersionRange:
    @pytest.mark.parametrize(
        ("text", "inside", "outside"),
        [
            ("1.2.0", ["1.2.0", "1.2.0+5"], ["1.2.1", "1.2.0-rc.1"]),
            ("=1.2.0", ["1.2.0"], ["1.2.1"]),
            ("1.x", ["1.0.0", "1.99.0"], ["0.9.9", "2.0.0", "1.3.0-rc.1", "2.0.0-rc.1"]),
            ("1", ["1.0.0", "1.4.2"], ["2.0.0"]),
            ("1.2.x", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9"]),
            ("1.2.*", ["1.2.7"], ["1.3.0"]),
            ("^1.2", ["1.2.0", "1.9.3"], ["1.1.9", "2.0.0"]),
            ("^1.2.3", ["1.2.3", "1.3.0"], ["1.2.2", "2.0.0"]),
            ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]),
            ("^0.0.3", ["0.0.3"], ["0.0.4"]),
            ("^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
            ("^0.x", ["0.0.0", "0.9.0"], ["1.0.0"]),
            ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]),
            ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
            ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
            (">=1.0.0,<2.0.0", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.9", "2.0.0-rc.1"]),
            (" >= 1.0.0 , < 2.0.0 ", ["1.5.0"], ["2.0.0"]),
            (">1.2", ["1.3.0"], ["1.2.9", "1.2.0"]),
            ("<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]),
            ("*", ["0.0.0", "9.9.9"], ["1.0.0-rc.1"]),
        ],
    )
    def test_range_admits_what_it_says(self, text: str, inside: list[str], outside: list[str]) -> None:
        """
        Each way of writing a range admits and leaves out what its meaning says.
        """
        versions = VersionRange.parse(text)

        assert [t for t in inside if not versions.admits(Version.parse(t))] == []
        assert [t for t in outside if versions.admits(Version.parse(t))] == []

    def test_prerelease_is_found_by_who_asks_for_it(self) -> None:
        """
        A range that names a prerelease admits later ones of the same version, of no other.
        """
        versions = VersionRange.parse("^1.2.0-rc.1")

        assert versions.admits(Version.parse("1.2.0-rc.2"))
        assert versions.admits(Version.parse("1.3.0"))
        assert not versions.admits(Version.parse("1.3.0-rc.1"))

    def test_best_is_the_highest_or_none(self) -> None:
        """
        Of the versions there are, the highest admitted one is taken; none is None.
        """
        released = [Version.parse(text) for text in ("1.9.0", "1.10.0", "2.0.0", "1.11.0-rc.1")]

        assert str(VersionRange.parse("1.x").best(released)) == "1.10.0"
        assert VersionRange.parse("3.x").best(released) is None

    def test_exact_version_is_told_from_a_range(self) -> None:
        """
        Only a range of one named version has it as its exact version.
        """
        assert VersionRange.parse("1.2.0").exact == Version.parse("1.2.0")
        assert VersionRange.parse("1.2").exact is None

    @pytest.mark.parametrize(
        "text", ["", "latest", "1.2.3.4", ">=", "1.x.3", ">=1.0.0,", "^^1", "1.0.0 2.0.0", "~01"]
    )
    def test_what_is_no_range_is_refused(self, text: str) -> None:
        """
        A text that is no range is refused with examples of ranges.
        """
        with pytest.raises(InvalidVersionRangeError, match=r"\^1\.2"):
            VersionRange.parse(text)

    @given(
        st.lists(CLOSE, max_size=8),
        st.sampled_from(["*", "1.x", "^1.1", "~0.1.0", ">0.1.0,<2.0.0", "^1.0.0-a"]),
    )
    def test_best_is_an_upper_bound_within_the_range(self, versions: list[Version], text: str) -> None:
        """
        The best version is admitted, and no admitted one is above it.
        """
        wanted = VersionRange.parse(text)
        best = wanted.best(versions)

        admitted = [version for version in versions if wanted.admits(version)]
        assert (best is None) == (not admitted)
        assert best is None or (best in admitted and all(version <= best for version in admitted))
