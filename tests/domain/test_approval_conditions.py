from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.contracts.promotion import STRATEGY_KINDS
from slipway.domain.approval import DecisionForm
from slipway.domain.approval_conditions import AllowedConditions, conditions_of, share_of


class TestAllowedConditions:
    def test_settings_narrow_what_may_be_chosen(self):
        """
        Only the strategies that the environment names are offered, and no larger share than it allows.
        """
        allowed = AllowedConditions.of({"strategies": ["canary", "rolling"], "max_share": 0.2})

        assert allowed.strategies == ("canary", "rolling")
        assert allowed.problems("canary", "20") == {}
        assert set(allowed.problems("ab", "")) == {"strategy"}
        assert set(allowed.problems("canary", "21")) == {"share"}

    def test_settings_that_say_nothing_allow_every_strategy(self):
        """
        An empty list is no list, as with instance types.
        """
        assert AllowedConditions.of({"strategies": []}) == AllowedConditions()
        assert AllowedConditions().strategies == STRATEGY_KINDS

    @pytest.mark.parametrize(
        ("strategy", "share"),
        [("linear", "10"), ("all-at-once", "10"), ("canary", "60"), ("ab", "0"), ("ab", "101"), ("", "x")],
    )
    def test_a_share_that_the_strategy_can_not_have_is_refused(self, strategy, share):
        """
        What SageMaker could not do later is said when it is typed.
        """
        assert set(AllowedConditions().problems(strategy, share)) == {"share"}

    def test_a_shadow_gets_copies_so_that_its_share_is_free(self):
        """
        ``max_share`` protects callers; whom a shadow answers is nobody.
        """
        assert AllowedConditions(max_share=0.1).problems("shadow", "100") == {}

    @given(st.floats(min_value=0.001, max_value=100))
    def test_a_share_is_read_as_it_was_typed(self, percent):
        """
        Per cent on the page, 0 to 1 in the record.
        """
        assert share_of(f"{percent!r} %") == pytest.approx(percent / 100)

    @given(st.text(max_size=8), st.text(max_size=8))
    def test_what_is_typed_is_refused_or_becomes_a_condition(self, strategy, share):
        """
        Whatever a form holds: what has no problem has a strategy that is known and a share in (0, 1].
        """
        if AllowedConditions().problems(strategy, share):
            return
        conditions = conditions_of(strategy, share)
        assert conditions is None or conditions["strategy"] in ("", *STRATEGY_KINDS)
        assert conditions is None or conditions["share"] is None or 0 < conditions["share"] <= 1


class TestDecisionForm:
    def test_a_rejection_takes_no_conditions(self):
        """
        Fields that were filled before somebody changed their mind neither hinder nor count.
        """
        form = DecisionForm("rejected", "slow", "1.1.0", strategy="nonsense", share="-1")

        assert form.problems("1.1.0") == {}
        assert "conditions" not in form.decided("ana@example.com", datetime(2026, 11, 22, tzinfo=UTC))
