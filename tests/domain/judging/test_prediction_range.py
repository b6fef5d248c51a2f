from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.judging.prediction_range import prediction_range
from slipway.domain.judging.release_rows import evidence_of_rows
from slipway.domain.judging.rows import Side
from slipway.domain.rows_report import rows_report, verdict_of_rows


def side(values: Any, task: Any = "regression", **columns: Any) -> Side:
    numbers = np.asarray(values, dtype=np.float64)
    return Side(task=task, label=numbers, **({"prediction": numbers} | columns))


class TestRange:
    def test_the_middle_99_per_cent(self) -> None:
        """From p0.5 to p99.5."""
        assert prediction_range(side(range(1001))) == pytest.approx((5.0, 995.0))

    def test_a_score_goes_before_a_class(self) -> None:
        """Answers hold the score too."""
        scores = np.linspace(0, 1, 1001)

        assert prediction_range(side([0.0] * 1001, "binary", score=scores)) == pytest.approx((0.005, 0.995))

    def test_where_there_is_none(self) -> None:
        """Classes are no numbers; a few rows are no range."""
        assert prediction_range(side(range(1000), "multiclass")) is None
        assert prediction_range(side(range(99))) is None

    @given(values=st.lists(st.floats(-1e9, 1e9), min_size=100, max_size=300))
    def test_holds_nearly_all(self, values: list[float]) -> None:
        """At most one of a hundred lies outside, and the range lies inside the predictions."""
        found = prediction_range(side(values))

        assert found is not None
        low, high = found
        assert min(values) <= low <= high <= max(values)
        assert sum(low <= value <= high for value in values) >= 0.98 * len(values)


class TestEvidence:
    def test_it_travels_with_report_and_verdict(self) -> None:
        """Also where there is no champion to compare with."""
        lines = "\n".join(f"{row},{row},{row + 1}" for row in range(200))
        evaluation = {
            "task": "regression",
            "primary_metric": "mae",
            "metrics": {"mae": {"direction": "minimize"}},
            "min_slice_rows": 100,
        }
        evidence = evidence_of_rows(evaluation, [], f"row_id,label,prediction\n{lines}\n".encode(), None)

        wanted = {"low": pytest.approx(1.995), "high": pytest.approx(199.005)}
        reported: Any = type("Reported", (), {"metrics": {}})()
        verdict: Any = {}
        assert rows_report(evidence, "regression", reported)["predictions"] == wanted
        assert verdict_of_rows(verdict, evidence)["predictions"] == wanted
