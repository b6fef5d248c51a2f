from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.approval import (
    MAX_REASON,
    DecisionForm,
    NoApproversError,
    approvers_of,
    expiry,
    printable,
)

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


class TestDecisionForm:
    def test_approving_needs_the_version_typed(self):
        """
        The version must be typed as it is; the reason may stay empty.
        """
        assert DecisionForm("approved", "", " 1.1.0 ").problems("1.1.0") == {}
        assert set(DecisionForm("approved", "", "1.1").problems("1.1.0")) == {"version"}
        assert set(DecisionForm("approved", "", "").problems("1.1.0")) == {"version"}

    def test_rejecting_needs_a_reason(self):
        """
        The model's authors are told why; white space says nothing.
        """
        assert set(DecisionForm("rejected", " \n", "1.1.0").problems("1.1.0")) == {"reason"}
        assert DecisionForm("rejected", "worse at night", "1.1.0").problems("1.1.0") == {}

    def test_anything_but_the_two_decisions_is_refused(self):
        """
        ``expired`` is for time to decide, and an empty form decides nothing.
        """
        for decision in ("", "expired", "pending", "APPROVED"):
            assert "decision" in DecisionForm(decision, "x", "1.1.0").problems("1.1.0")

    def test_a_reason_has_a_limit(self):
        """
        It travels in the workflow's document, which has one as well.
        """
        assert "reason" in DecisionForm("approved", "x" * (MAX_REASON + 1), "1.1.0").problems("1.1.0")

    @given(st.text())
    def test_a_recorded_reason_holds_no_control_characters(self, reason):
        """
        It is shown, mailed and logged; only line feeds stay.
        """
        kept = DecisionForm("approved", reason, "1.1.0").decided("ana@example.com", NOW)["decision_reason"]

        assert all(sign == "\n" or (sign >= " " and sign != "\x7f") for sign in kept)
        assert printable(kept) == kept


class TestApproversOf:
    def test_a_projects_own_approvers_come_before_everybodys(self):
        """
        ``*`` stands for all projects that are not named; an address counts once.
        """
        groups = {"pricing": ["ana@example.com", "ana@example.com"], "*": ["ben@example.com"]}

        assert approvers_of(groups, "pricing", "prod") == ("ana@example.com",)
        assert approvers_of(groups, "flights", "prod") == ("ben@example.com",)

    def test_nobody_is_an_error_that_says_where_to_name_somebody(self):
        """
        A release that nobody may approve would wait for nothing.
        """
        with pytest.raises(NoApproversError, match=r"environments/prod\.toml"):
            approvers_of({"pricing": ["not an address"]}, "pricing", "prod")


class TestExpiry:
    @given(st.integers(1, 30 * 24 * 3600))
    def test_a_request_expires_before_the_execution_stops_waiting(self, seconds):
        """
        By at most half a minute, and never in the past.
        """
        expires = datetime.fromtimestamp(expiry(NOW, seconds), UTC)

        assert NOW <= expires <= NOW + timedelta(seconds=seconds)
        assert expires >= NOW + timedelta(seconds=seconds - 31)
