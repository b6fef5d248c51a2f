from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.evidence import Evidence
from slipway.domain.headline_numbers import headline_numbers
from slipway.domain.report_page import report_page
from tests.fakes.approval_room import report

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def full(**rows: Any) -> dict[str, Any]:
    document = report()
    for side, p99, cost in (("challenger", 4.2, 0.00032), ("champion", 3.9, 0.0003)):
        document[side]["serving"] = {"latency_ms": {"p99": p99}, "cost_per_1000_usd": cost}
    bounds = {"lower": -2.5, "upper": -1.25, "confidence": 0.95}
    worst = {"column": "hotel", "value": "Resort", "rows": 900, "gain": -0.4, "lower": -1.0, "upper": 0.2}
    best = {**worst, "value": "City", "gain": 3.0, "lower": 2.0, "upper": 4.0}
    small = {"column": "hotel", "value": "Inn", "rows": 3, "reason": "too few rows"}
    document["rows"] = {"comparisons": {"mae": bounds}, "slices": [best, worst, small], **rows}
    return document


class TestHeadlineNumbers:
    def test_say_what_matters(self) -> None:
        """Both sides' metric, the difference with its interval, the worst slice, latency, cost."""
        assert headline_numbers(full()) == [
            ["mae", "31.20 EUR, champion 1.0.0 33.04 EUR"],
            ["difference", "-1.84 EUR, 95 % interval -2.500 to -1.250 (better)"],
            ["worst slice", "hotel Resort, gain -0.4000, not shown to be worse"],
            ["latency p99", "4.200 ms, champion 1.0.0 3.900 ms"],
            ["1,000 predictions", "0.00032 USD, champion 1.0.0 0.0003 USD"],
        ]

    def test_a_difference_that_may_be_none_is_neither_better_nor_worse(self) -> None:
        """Its interval spans 0: it is unclear, in messages as on the page, where it has no colour."""
        document = full(comparisons={"mae": {"lower": -2.5, "upper": 0.25, "confidence": 0.95}})
        page = report_page(Evidence(document), [])

        assert headline_numbers(document)[1][1] == "-1.84 EUR, 95 % interval -2.500 to +0.2500 (unclear)"
        assert page.count('<span class="chip unclear">unclear</span>') == 2

    def test_a_trial_tells_its_interval(self) -> None:
        """The effect's, of the outcome that it is judged by."""
        effect = {"estimate": -1.84, "lower": -2.5, "upper": -1.25, "confidence": 0.9}
        document = {**report(), "trial": {"kind": "ab", "effect": effect}}

        assert headline_numbers(document)[1][1] == "-1.84 EUR, 90 % interval -2.500 to -1.250 (better)"

    def test_what_is_not_known_says_so(self) -> None:
        """A first version, of an image that nothing was measured of."""
        texts = [text for _, text in headline_numbers(report(champion=None))]

        assert texts == [
            "31.20 EUR",
            "there is no champion yet",
            "there is no champion yet",
            "not measured",
            "not measured",
        ]

    @given(st.dictionaries(st.sampled_from(["primary_metric", "challenger", "champion", "rows"]), JSON))
    def test_nothing_at_all_is_five_numbers_too(self, document: Any) -> None:
        """Keys that are missing are no reason to fail; a report is ours, so its shapes are."""
        kept = {key: value for key, value in document.items() if isinstance(value, str)}

        assert len(headline_numbers(kept)) == 5
