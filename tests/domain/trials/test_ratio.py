from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.trials.ratio import MISMATCH_RISK, is_mismatch, mismatch_p


class TestMismatch:
    @given(challenger=st.integers(0, 10**7), champion=st.integers(0, 10**7), share=st.floats(0.01, 0.99))
    def test_it_is_a_p_value_and_the_same_from_either_side(self, challenger, champion, share):
        """Which arm is called the challenger changes nothing."""
        there = mismatch_p(challenger, champion, share=share)
        back = mismatch_p(champion, challenger, share=1 - share)

        assert 0 <= there <= 1
        assert abs(there - back) <= 1e-6 * max(there, back) + 1e-12 or abs(there - back) < 1e-3

    def test_of_a_thousand_fair_trials_looked_at_after_every_request_hardly_one_is_called_mismatched(self):
        """The p-value may be looked at as often as one likes."""
        draw = random.Random(5)
        mismatched = 0
        for _ in range(300):
            challenger = 0
            for total in range(1, 1001):
                challenger += draw.random() < 0.1
                if is_mismatch(challenger, total - challenger, share=0.1):
                    mismatched += 1
                    break

        assert mismatched <= 3

    def test_requests_that_are_lost_by_one_arm_are_found(self):
        """A fifth of the challenger's requests is missing among ten thousand: that is no chance."""
        assert is_mismatch(800, 9000, share=0.1)
        assert not is_mismatch(990, 9010, share=0.1)

    def test_a_small_loss_is_found_among_many(self):
        """One of a hundred missing is found among a million requests."""
        assert mismatch_p(495_000, 500_000, share=0.5) < MISMATCH_RISK

    def test_nothing_is_asked_of_a_share_that_is_all_or_none(self):
        """A trial by TargetVariant alone has no share that could be missed."""
        assert mismatch_p(10, 0, share=0.0) == 1.0
