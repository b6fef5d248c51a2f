from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.comparison import MetricRow, compare, number

FINITE = st.floats(-1e300, 1e300)


def row(challenger: float | None, champion: float | None, direction: str = "minimize") -> MetricRow:
    return MetricRow("mae", challenger, champion, direction, "EUR", primary=True)


class TestMetricRow:
    def test_direction_says_what_a_difference_means(self):
        """
        Less is better for an error, more for a score, and nothing is claimed where the manifest is silent.
        """
        assert row(31.0, 33.0).effect == "better"
        assert row(31.0, 33.0, "maximize").effect == "worse"
        assert row(33.0, 33.0).effect == "same"
        assert row(31.0, 33.0, "").effect == "unknown"
        assert row(31.0, None).effect == "unknown"

    def test_a_small_difference_is_not_shown_as_none(self):
        """
        As many decimals are shown as the difference needs.
        """
        assert row(33.0421, 33.0417).cells() == ("33.04210", "33.04170", "+0.00040")

    @given(st.floats(), st.floats())
    def test_any_two_numbers_can_be_shown(self, challenger, champion):
        """
        Whatever a model reports, its row can be written.
        """
        assert all(row(challenger, champion).cells())
        assert isinstance(row(challenger, champion).relative, str)

    def test_what_is_missing_is_a_dash(self):
        """
        A metric that one side did not report is shown as missing.
        """
        assert row(31.2, None).cells() == ("31.20", "-", "-")


class TestNumber:
    @given(FINITE)
    def test_a_number_reads_back_nearly(self, value):
        """
        What is shown is the number, to three digits at least.
        """
        shown = float(number(value).replace(",", ""))

        assert math.isclose(shown, value, rel_tol=6e-3, abs_tol=1e-6)


class TestCompare:
    def test_the_primary_metric_comes_first(self):
        """
        The others follow by name; those of either side are listed.
        """
        rows = compare("mae", {"r2": 0.7, "mae": 31.0}, {"bias": 1.0}, {"mae": {"unit": "EUR"}})

        assert [(r.metric, r.primary, r.unit) for r in rows] == [
            ("mae", True, "EUR"),
            ("bias", False, ""),
            ("r2", False, ""),
        ]
