"""What changed between two versions, and which change is named first: the rule of docs/lineage.md."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.change_sizes import content_size, library_size, parameter_size, together
from slipway.domain.compared import Registered, compared
from slipway.domain.difference import KINDS, changes
from slipway.domain.likely_causes import WEIGHTS, conclusion, difference, ranked
from slipway.domain.version_origin import Origin, origin_of
from tests.fakes.hotel_rates import LIBRARIES, a_registered, data, digest, holdout, image_digest, source

BEFORE = origin_of(a_registered("1.0.0", 1), None, None)
"""2,000 rows, commit a, numpy 2.3.5, one ml.m5.large."""

CHANGED: dict[str, dict[str, Any]] = {
    "evaluation data": {"evaluation_data": ({**holdout(), "digest": digest("other"), "rows": 1000},)},
    "training data": {"training_data": (data("1.1.0", 4000),)},
    "hyperparameters": {"hyperparameters": {**(BEFORE.hyperparameters or {}), "rounds": "400"}},
    "code": {"image_digest": image_digest("1.1.0"), "source": source("1.2.0")},
    "libraries": {
        "image_digest": image_digest("1.1.0"),
        "source": source("1.0.0", libraries={**LIBRARIES, "scikit-learn": "2.0.0"}),
    },
    "machines": {"instance_type": "ml.m5.xlarge", "instance_count": 2},
}


def after(*kinds: str) -> Origin:
    """The origin with these kinds of things changed."""
    found = BEFORE
    for kind in kinds:
        found = replace(found, **CHANGED[kind])
    return found


def said(before: Origin, now: Origin, mae: float = 18.5) -> str:
    """The conclusion, where mae was 20."""
    sides = [
        replace(compared(Registered(a_registered(one, 1, metrics={"mae": value})), None), origin=origin)
        for one, value, origin in (("1.0.0", 20.0, before), ("1.1.0", mae, now))
    ]
    return difference(*sides).conclusion


class TestChanges:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_kind_is_seen_and_nothing_else(self, kind):
        """
        One thing changed: one kind of change is listed.
        """
        assert {one.kind for one in changes(BEFORE, after(kind))} == {kind}

    def test_equal_versions_differ_in_nothing(self):
        """
        A new image of the same commit, with all else equal, is no change.
        """
        assert changes(BEFORE, BEFORE) == []
        assert changes(BEFORE, replace(BEFORE, image_digest=image_digest("1.1.0"))) == []

    def test_data_says_version_digest_and_rows(self):
        """
        What changed in data is told with what it came from.
        """
        change = changes(BEFORE, after("training data"))[0]

        assert change.before.startswith("hotel-rates:1.0.0, 2,000 rows (sha256:")
        assert change.after.startswith("hotel-rates:1.1.0, 4,000 rows (sha256:")
        assert change.why == "twice the rows: 2,000 → 4,000"

    def test_new_version_of_the_same_content_can_have_changed_nothing(self):
        """
        It is listed, with the size nought, and is no cause.
        """
        same = {**data(), "version": "1.0.1"}
        found = changes(BEFORE, replace(BEFORE, training_data=(same,)))

        assert [(one.size, one.why) for one in found] == [(0.0, "the content is the same")]
        assert ranked(found) == []

    def test_image_without_a_commit_is_uncertain(self):
        """
        Its digest alone does not say whether code changed.
        """
        unsaid = {**source("1.0.0")}
        del unsaid["git_commit"]
        found = changes(BEFORE, replace(BEFORE, image_digest=image_digest("1.1.0"), source=unsaid))

        assert [(one.kind, one.certain) for one in found] == [("code", False)]

    def test_uncommitted_changes_are_uncertain(self):
        """
        The same commit twice, once with changes that no commit holds.
        """
        dirty = source("1.0.0", git_commit="a" * 40 + "+dirty")
        found = changes(BEFORE, replace(BEFORE, image_digest=image_digest("1.1.0"), source=dirty))

        assert [(one.kind, one.certain) for one in found] == [("code", False)]

    def test_what_an_image_does_not_say_has_not_changed(self):
        """
        Libraries that are not known are not reported as new.
        """
        assert [one.kind for one in changes(replace(BEFORE, source={}), after("libraries"))] == ["code"]


class TestRanking:
    @pytest.mark.parametrize("kind", KINDS)
    def test_only_thing_that_changed_is_named_as_the_cause(self, kind):
        """
        Nothing else differs: no ranking is needed.
        """
        text = said(BEFORE, after(kind))

        assert text.startswith("mae 20.00 → 18.50 EUR (-7.5 %, better).")
        assert f"Cause: {kind}: " in text
        assert text.endswith("Nothing else that is recorded changed.")

    def test_kinds_come_in_the_order_of_their_weights(self):
        """
        With changes of the same size, data comes before hyperparameters before code before libraries.
        """
        causes = ranked(
            changes(BEFORE, after("machines", "libraries", "code", "hyperparameters", "training data"))
        )

        assert [one.kind for one in causes][:2] == ["training data", "hyperparameters"]
        assert list(WEIGHTS) == list(KINDS)
        assert list(WEIGHTS.values()) == sorted(WEIGHTS.values(), reverse=True)

    def test_likeliest_is_named_with_its_reason(self):
        """
        Twice the data and twice the rounds: data first, and why.
        """
        text = said(BEFORE, after("training data", "hyperparameters"))

        assert "Likeliest cause: training data: train hotel-rates:1.0.0" in text
        assert "twice the rows: 2,000 → 4,000" in text

    def test_large_change_of_parameters_comes_before_a_small_one_of_data(self):
        """
        Size counts as well: other content of as many rows, against a learning rate eight times as high.
        """
        hyper = {**(BEFORE.hyperparameters or {}), "learning_rate": "0.8", "rounds": "25"}
        now = replace(BEFORE, training_data=(data("1.0.1"),), hyperparameters=hyper)

        assert [one.kind for one in ranked(changes(BEFORE, now))] == ["hyperparameters", "training data"]

    def test_other_evaluation_data_comes_first(self):
        """
        With another yardstick nothing else can be measured.
        """
        causes = ranked(changes(BEFORE, after("evaluation data", "training data")))

        assert causes[0].kind == "evaluation data"

    def test_nothing_recorded_changed(self):
        """
        Another metric with nothing else: that is said, and no cause is made up.
        """
        assert "Nothing that is recorded changed: it is chance" in said(BEFORE, BEFORE)

    def test_equal_metrics_need_no_cause(self):
        """
        Data changed, the metric did not.
        """
        assert said(BEFORE, after("training data"), mae=20.0) == "No metric changed."

    def test_no_common_metric(self):
        """
        What was not measured of both can't be explained.
        """
        assert conclusion([], []) == "No metric was measured of both, so that nothing can be said of causes."

    @given(st.lists(st.sampled_from(KINDS), unique=True))
    def test_what_did_not_change_is_never_a_cause(self, kinds):
        """
        For any set of changes: the causes are those kinds, each once, by falling score.
        """
        if "code" in kinds and "libraries" in kinds:
            kinds.remove("code")  # both are said by the image: the later one takes its place here
        causes = ranked(changes(BEFORE, after(*kinds)))

        assert {one.kind for one in causes} == set(kinds)
        assert [one.score for one in causes] == sorted((one.score for one in causes), reverse=True)


class TestSizes:
    @given(st.integers(1, 10**9), st.integers(1, 10**9))
    def test_size_of_data_is_the_same_there_and_back(self, one, other):
        """
        Twice the rows weighs what half the rows weighs, and always between a half and 1.
        """
        size, _ = content_size(one, other)

        assert size == pytest.approx(content_size(other, one)[0])
        assert 0.5 <= size <= 1.0

    @given(st.floats(1e-6, 1e6), st.floats(1.0, 4.0), st.floats(1.0, 4.0))
    def test_larger_factor_of_a_parameter_is_no_smaller_change(self, value, one, other):
        """
        The further away, the larger.
        """
        small, large = sorted((one, other))

        assert (
            parameter_size(str(value), str(value * small))[0]
            <= parameter_size(str(value), str(value * large))[0]
        )

    @given(st.lists(st.floats(0, 1)), st.floats(0, 1))
    def test_one_more_change_never_makes_less(self, sizes, more):
        """
        Several changes of a kind count for more than each, and never for more than 1.
        """
        assert together(sizes) - 1e-12 <= together([*sizes, more]) <= 1.0

    def test_library_that_computes_counts_twice(self):
        """
        scikit-learn's minor version weighs as much as another library's major one.
        """
        assert library_size("scikit-learn", "1.6.0", "1.7.0")[0] == library_size("click", "8.1.0", "9.0.0")[0]
        assert library_size("python", "3.12.1", "3.13.0")[0] == 0.5
