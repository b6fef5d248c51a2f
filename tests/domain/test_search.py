"""What a search finds: against a plain reading of each criterion, over random registries."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.search import Criteria, InvalidRangeError, MetricRange, found
from tests.fakes.models import a_version

WORDS = ("hotel", "Rates", "autumn", "Ärger", "straße", "mae", "18.5")
DATA = ("rates:1.0.0", "rates:1.1.0", "rates-eu:1.0.0", f"sha256:{'ab' * 32}", f"sha256:{'cd' * 32}")
metrics = st.dictionaries(st.sampled_from(["mae", "validation:auc"]), st.floats(-5, 5), max_size=2)
versions = st.builds(
    lambda number, **more: a_version(f"1.0.{number}", **more),
    st.integers(0, 99),
    project=st.sampled_from(["pricing", "travel"]),
    model=st.sampled_from(["hotel-rates", "flights"]),
    approval=st.sampled_from(["pending", "approved", "rejected", "expired", "abandoned"]),
    registered_at=st.sampled_from([f"2026-11-{day:02}T00:00:00.000Z" for day in range(1, 5)]),
    metrics=metrics,
    data_sets=st.lists(st.sampled_from(DATA), unique=True).map(sorted),
    tags=st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")),
    stage=st.sampled_from(["", "Production", "Archived"]),
    card=st.lists(st.sampled_from(WORDS)).map(" ".join),
)
criteria = st.builds(
    Criteria,
    text=st.lists(st.sampled_from([*WORDS, "HOTEL", "zebra"]), max_size=2).map(" ".join),
    project=st.sampled_from(["", "pricing"]),
    model=st.sampled_from(["", "flights"]),
    ranges=st.lists(
        st.builds(
            MetricRange,
            st.sampled_from(["mae", "validation:auc"]),
            st.floats(-5, 0),
            st.floats(0, 5),
            st.booleans(),
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    data=st.lists(
        st.sampled_from(["rates", "rates:1.1.0", "rates-eu", "sha256:abab", DATA[4], "other"]), max_size=1
    ).map(tuple),
    tags=st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"), max_size=1),
    stage=st.sampled_from(["", "production"]),
    since=st.sampled_from(["", "2026-11-03T00:00:00.000Z"]),
)


def plainly(version: Any, asked: Criteria) -> bool:
    """Each criterion spelled out, without the code under test."""
    wrong = [
        version["approval"] in ("rejected", "expired", "abandoned"),
        bool(asked.project) and asked.project != version["project"],
        bool(asked.model) and asked.model != version["model"],
        bool(asked.since) and version["registered_at"] < asked.since,
        bool(asked.stage) and asked.stage.lower() != version["stage"].lower(),
        *(version["tags"].get(key) != value for key, value in asked.tags.items()),
        *(not within(one, version["metrics"].get(one.metric)) for one in asked.ranges),
        *(not names(wanted, version["data_sets"]) for wanted in asked.data),
        *(word.casefold() not in version["card"].casefold() for word in asked.text.split()),
    ]
    return not any(wrong)


def within(asked: MetricRange, value: float | None) -> bool:
    if value is None or value < asked.low or value > asked.high:
        return False
    return not (
        (value == asked.low and not asked.low_counts) or (value == asked.high and not asked.high_counts)
    )


def names(wanted: str, terms: list[str]) -> bool:
    if wanted.startswith("sha256:"):
        return any(term.startswith(wanted) for term in terms)
    return wanted in terms or wanted in [term.split(":")[0] for term in terms if "sha256" not in term]


class TestLaws:
    @given(registry=st.lists(versions, max_size=12), asked=criteria)
    def test_finds_all_that_match_and_nothing_else(self, registry: list[Any], asked: Criteria) -> None:
        """
        In the registry's order, whatever is asked together.
        """
        assert list(found(registry, asked)) == [one for one in registry if plainly(one, asked)]

    @given(registry=st.lists(versions, max_size=12), one=criteria, other=criteria)
    def test_asking_for_more_finds_no_more(self, registry: list[Any], one: Criteria, other: Criteria) -> None:
        """
        Criteria narrow: words and ranges of both together find what both find.
        """
        both = Criteria(text=f"{one.text} {other.text}", ranges=one.ranges + other.ranges)
        each = [
            [id(v) for v in found(registry, Criteria(text=asked.text, ranges=asked.ranges))]
            for asked in (one, other)
        ]

        assert [id(v) for v in found(registry, both)] == [name for name in each[0] if name in each[1]]

    @given(
        value=st.floats(-1e6, 1e6),
        limit=st.floats(-1e6, 1e6),
        sign=st.sampled_from(["<=", ">=", "<", ">", "="]),
    )
    def test_ranges_mean_what_their_signs_mean(self, value: float, limit: float, sign: str) -> None:
        """
        A sign is that of arithmetic, with any number that Python prints.
        """
        meaning = {
            "<=": value <= limit,
            ">=": value >= limit,
            "<": value < limit,
            ">": value > limit,
            "=": value == limit,
        }

        assert MetricRange.parse(f"mae {sign} {limit!r}").holds({"mae": value}) is meaning[sign]

    def test_reads_no_further_than_it_is_asked(self) -> None:
        """A search streams: what is found first is there before the rest is read."""
        endless = (a_version(f"1.0.{n}") for n in itertools.count())

        assert next(found(endless, Criteria()))["version"] == "1.0.0"


class TestRanges:
    def test_between(self) -> None:
        """Both ends count; negative numbers and exponents are numbers."""
        asked = MetricRange.parse("validation:mae=-1e1..2.5")

        assert (asked.metric, asked.low, asked.high) == ("validation:mae", -10.0, 2.5)
        assert asked.holds({"validation:mae": 2.5})
        assert not asked.holds({"validation:mae": 2.51})

    @pytest.mark.parametrize(
        "text", ["", "mae", "mae<", "<=25", "mae<=x", "mae<=nan", "mae=3..1", "mae<1..2", "mae==1", "a<1<2"]
    )
    def test_what_is_no_range_is_said(self, text: str) -> None:
        """The error shows how to write one."""
        with pytest.raises(InvalidRangeError, match=r"mae=18\.\.25"):
            MetricRange.parse(text)


class TestRemoved:
    def test_versions_without_artifact_are_found_only_when_asked_for(self) -> None:
        """They can't serve any more."""
        gone = a_version(approval="approved", artifact_removed_at="2026-11-22T03:00:00.000Z")

        assert not Criteria().matches(gone)
        assert Criteria(removed=True).matches(gone)
