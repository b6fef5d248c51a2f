from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.domain.serving import Strategy
from slipway.domain.trials.demand import demand, outcomes_needed
from slipway.domain.trials.moments import Moments
from slipway.domain.trials.stopping import Arm, Question, look
from slipway.domain.trials.trial import settings_of


def yes(count: int, rate: float) -> Arm:
    ones = round(count * rate)
    return Arm(count, Moments.of([1.0] * ones + [0.0] * (count - ones)))


class TestDemand:
    @settings(max_examples=30, deadline=None)
    @given(share=st.floats(0.05, 0.95), effect=st.sampled_from([0.02, 0.03, 0.05]))
    def test_after_so_many_outcomes_the_smallest_effect_is_found(self, share: float, effect: float) -> None:
        """And no effect at all is called equivalent; after two thirds of them neither is."""
        needed = outcomes_needed(minimum_effect=effect, share=share, variance=0.25)
        question = Question(effect, "maximize", share)

        def word(count: float, difference: float) -> str | None:
            theirs = round(count * share)
            arms = yes(round(count) - theirs, 0.5 - difference / 2), yes(theirs, 0.5 + difference / 2)
            return look(*arms, question).word

        assert word(needed * 1.05, effect * 1.02) == "better"
        assert word(needed * 1.1, 0.0) == "equivalent"
        assert word(needed / 1.5, 0.0) is None
        assert word(needed / 1.5, effect) is None

    def test_the_defaults_can_decide(self) -> None:
        """Nothing ends an A/B test before its hours are over, or it has decided."""
        usual = settings_of(Strategy.of({"kind": "ab", "outcome": "booked"}))

        assert "requests" not in usual
        assert demand(usual)["suffices"]

    @pytest.mark.parametrize(("requests", "suffices"), [(1000, False), (1_000_000, True)])
    def test_a_limit_below_what_it_takes_is_found(self, requests: int, suffices: bool) -> None:  # noqa: FBT001 - a case
        """A thousand requests to the challenger decide no effect of a hundredth."""
        found = demand({"minimum_effect": 0.01, "share": 0.1, "requests": requests})

        assert found["suffices"] == suffices
        assert found["of_the_challenger"] == pytest.approx(found["outcomes"] * 0.1, abs=1)

    def test_a_tenth_of_yes_is_decided_after_what_was_said(self) -> None:
        """Simulated: with the smallest effect most tests have decided by then."""
        draw, decided = random.Random(7), 0
        needed = demand({"minimum_effect": 0.05, "share": 0.5})["outcomes"]
        for _ in range(40):
            arms = [
                Moments.of([float(draw.random() < rate) for _ in range(needed // 2)]) for rate in (0.1, 0.16)
            ]
            word = look(*(Arm(one.count, one) for one in arms), Question(0.05, "maximize", 0.5)).word
            decided += word == "better"

        assert decided > 20
