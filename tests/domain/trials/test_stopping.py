from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.trials.effect import effect_of, remaining_share
from slipway.domain.trials.moments import Moments
from slipway.domain.trials.stopping import Arm, Question, look


def question(**changes: Any) -> Question:
    return Question(**{"minimum_effect": 0.05, "direction": "maximize", "share": 0.5, **changes})


def arm(ones: int, of: int) -> Arm:
    return Arm(of, Moments.of([1.0] * ones + [0.0] * (of - ones)))


arms = st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(lambda two: arm(min(two), max(two)))


class TestLook:
    @given(one=arms, other=arms)
    def test_both_arms_are_treated_alike(self, one, other):
        """Exchanged, the effect has the other sign, better is worse, and all else is the same."""
        there, back = look(one, other, question()), look(other, one, question())
        turned = {"better": "worse", "worse": "better"}

        assert back.word == turned.get(str(there.word), there.word)
        if there.effect is not None and back.effect is not None:
            assert back.effect.lower == pytest.approx(-there.effect.upper)
            assert back.effect.upper == pytest.approx(-there.effect.lower)

    @given(one=arms, other=arms)
    def test_the_direction_says_what_is_better(self, one, other):
        """What is better where more is wanted is worse where less is."""
        more, less = look(one, other, question()), look(one, other, question(direction="minimize"))

        assert {"better": "worse", "worse": "better"}.get(str(more.word), more.word) == less.word

    def test_an_interval_above_nought_is_better(self):
        """The challenger wins when the interval of its effect lies on the good side."""
        found = look(arm(200, 1000), arm(320, 1000), question())

        assert found.word == "better"
        assert found.effect is not None
        assert 0 < found.effect.lower < 0.12 < found.effect.upper

    def test_an_interval_within_the_minimum_effect_is_no_relevant_difference(self):
        """Nothing that matters can be won or lost any more."""
        assert look(arm(5000, 10000), arm(5030, 10000), question()).word == "equivalent"

    def test_a_challenger_that_never_succeeds_is_found_worse(self):
        """An arm of zeros alone is no reason to wait for ones."""
        assert look(arm(100, 400), arm(0, 400), question()).word == "worse"

    def test_nothing_is_decided_by_few_outcomes(self):
        """The central limit theorem needs some: 99 of each arm decide nothing, however clear."""
        found = look(arm(5, 99), arm(94, 99), question())

        assert (found.word, found.remaining) == (None, None)
        assert found.reason.startswith("too few outcomes yet: 99 of the challenger")

    def test_nothing_is_decided_by_few_events(self):
        """Nor by hundreds of outcomes of which hardly one is a success."""
        assert look(arm(0, 500), arm(3, 500), question(minimum_effect=0.1)).word is None

    def test_a_trial_that_is_over_is_undecided(self):
        """When requests or hours are used up and the interval allows for both."""
        found = look(arm(200, 1000), arm(215, 1000), question(), over="24 hours are over")

        assert (found.word, found.reason) == (
            "undecided",
            "24 hours are over, and the interval allows for both",
        )

    def test_a_decision_counts_even_if_the_trial_is_over(self):
        """The last look decides like any other."""
        assert look(arm(200, 1000), arm(320, 1000), question(), over="24 hours are over").word == "better"

    def test_requests_that_do_not_fall_as_weighted_invalidate_it(self):
        """However clear the effect: the arms cannot be compared."""
        found = look(arm(200, 1000), arm(600, 1400), question())

        assert found.word == "mismatched"
        assert found.reason.startswith(
            "58.3% of 2,400 requests are the challenger's, where its weight is 50.0%"
        )

    def test_shares_that_somebody_changed_meanwhile_may_mix(self):
        """What lies between the shares that the challenger had is no mismatch; what lies outside is one."""
        changed = question(share=0.125, share_too=0.2)

        assert look(arm(1700, 8500), arm(300, 1500), changed).word != "mismatched"
        found = look(arm(1400, 7000), arm(600, 3000), changed)
        assert found.word == "mismatched"
        assert "where its weight is between 12.5% and 20.0%" in found.reason

    def test_outcomes_that_one_arm_does_not_report_invalidate_it(self):
        """Requests fall as weighted, but a crash of the client keeps one arm's outcomes back."""
        champion, challenger = arm(200, 1000), Arm(1000, arm(160, 700).outcomes)

        assert look(champion, challenger, question()).reason.startswith("41.2% of 1,700 outcomes")

    def test_what_remains_is_what_decides_if_the_estimate_is_true(self):
        """As many more outcomes with the same means end the trial, and a tenth less do not."""
        champion, challenger = arm(400, 2000), arm(460, 2000)
        found = look(champion, challenger, question(minimum_effect=0.02))
        assert found.word is None
        assert found.remaining is not None
        grown = 1 + found.remaining / 4000

        def at(times: float) -> Any:
            size = int(2000 * times)
            return look(
                arm(round(size * 0.2), size), arm(round(size * 0.23), size), question(minimum_effect=0.02)
            ).word

        assert (at(grown * 0.9), at(grown * 1.02)) == (None, "better")


class TestEffect:
    def test_outcomes_that_are_all_the_same_say_nothing(self):
        """Their variance is nought, which would look like certainty."""
        assert effect_of(Moments.of([7.0] * 500), Moments.of([8.0] * 500), minimum_effect=1.0) is None

    @given(shift=st.floats(-0.5, 0.5), size=st.integers(100, 1000))
    def test_what_remains_is_never_negative(self, shift, size):
        """A trial that could be over needs nothing more."""
        values = [float(n % 7) for n in range(size)]
        effect = effect_of(
            Moments.of(values), Moments.of([value + shift for value in values]), minimum_effect=0.2
        )

        assert effect is not None
        assert remaining_share(effect, minimum_effect=0.2) >= 0
