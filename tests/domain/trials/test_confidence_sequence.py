from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.trials.confidence_sequence import (
    fixed_information,
    information_for,
    margin,
    spread_for,
)

informations = st.floats(1e-3, 1e9)
risks = st.floats(0.001, 0.3)
spreads = st.floats(1e-4, 1e3)


class TestMargin:
    @given(information=informations, risk=risks, spread=spreads)
    def test_robbins_mixture_is_one_over_the_risk_at_its_edge(self, information, risk, spread):
        """
        The interval ends where the likelihood ratio, mixed over effects from N(0, spread²), reaches 1/risk.

        Beside this closed form stands the integral's own: a normal estimate of variance 1/information.
        """
        edge = margin(information, risk=risk, spread=spread)
        variance = 1 / information
        ratio = 0.5 * math.log(variance / (variance + spread**2)) + spread**2 * edge**2 / (
            2 * variance * (variance + spread**2)
        )

        assert math.isclose(ratio, math.log(1 / risk), rel_tol=1e-9, abs_tol=1e-9)

    @given(information=informations, risk=risks, spread=spreads)
    def test_it_is_wider_than_an_interval_for_one_look(self, information, risk, spread):
        """Holding at every look has its price."""
        once = NormalDist().inv_cdf(1 - risk / 2) / math.sqrt(information)

        assert margin(information, risk=risk, spread=spread) > once

    @given(information=informations, more=st.floats(1.01, 10), risk=risks, spread=spreads)
    def test_it_shrinks_with_information(self, information, more, risk, spread):
        """Hence a trial ends some day."""
        assert margin(information * more, risk=risk, spread=spread) < margin(
            information, risk=risk, spread=spread
        )

    @given(effect=st.floats(1e-4, 10), risk=st.floats(0.001, 0.1), other=st.floats(0.01, 100))
    def test_no_other_spread_is_narrower_when_a_fixed_test_would_end(self, effect, risk, other):
        """The tuning is the optimum, but for an approximation of a thousandth or so."""
        information, tuned = fixed_information(effect, risk=risk), spread_for(effect, risk=risk)

        assert margin(information, risk=risk, spread=tuned) < 1.002 * margin(
            information, risk=risk, spread=tuned * other
        )

    @given(wanted=st.floats(1e-4, 10), risk=risks, spread=st.floats(1e-3, 10))
    def test_the_information_for_a_margin_gives_that_margin(self, wanted, risk, spread):
        """It tells how long a trial may still take."""
        needed = information_for(wanted, risk=risk, spread=spread)

        assert margin(needed, risk=risk, spread=spread) == pytest.approx(wanted, rel=1e-6)


class TestFixedInformation:
    def test_it_is_the_textbook_s_sample_size(self):
        """At 10 % against 12 %, 80 % power: 3,839 of each arm, by the unpooled formula."""
        variance = 0.1 * 0.9 + 0.12 * 0.88

        assert math.ceil(fixed_information(0.02, risk=0.05) * variance) == 3839
