from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.trials.moments import Moments

numbers = st.lists(st.floats(-1e6, 1e6), max_size=30)


def is_same(one: Moments, other: Moments) -> bool:
    return (
        (one.count, one.binary) == (other.count, other.binary)
        and math.isclose(one.mean, other.mean, rel_tol=1e-9, abs_tol=1e-6)
        and math.isclose(one.squares, other.squares, rel_tol=1e-9, abs_tol=1e-3)
    )


class TestMoments:
    @given(first=numbers, second=numbers, third=numbers)
    def test_the_order_of_merging_does_not_matter(self, first, second, third):
        """However outcomes arrive in batches, the sums are those of all of them."""
        one, two, three = Moments.of(first), Moments.of(second), Moments.of(third)
        together = Moments.of(first + second + third)

        assert is_same(one.merge(two).merge(three), together)
        assert is_same(three.merge(one.merge(two)), together)
        assert is_same(two.merge(three).merge(one), together)

    @given(numbers=st.lists(st.floats(-1e3, 1e3).filter(lambda x: x not in (0, 1)), min_size=2, max_size=30))
    def test_the_variance_is_the_sample_s(self, numbers):
        """Of other numbers than zeros and ones."""
        expected = statistics.variance(numbers)

        assert math.isclose(Moments.of(numbers).variance, expected, rel_tol=1e-6, abs_tol=1e-9)

    def test_a_run_of_equal_zeros_is_no_certainty(self):
        """The variance of zeros and ones is never nought: one of each is thought of beside them."""
        assert Moments.of([0.0] * 98).variance == pytest.approx(0.01 * 0.99)

    @given(numbers=numbers)
    def test_the_ledger_gives_back_what_it_was_given(self, numbers):
        """Its record loses nothing."""
        assert Moments.of_record(Moments.of(numbers).record()) == Moments.of(numbers)
