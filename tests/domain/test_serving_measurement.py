from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.serving_measurement import ServingMeasurement

MEASURED: dict[str, Any] = {
    "model_bytes": 2048,
    "latency_ms": {"p50": 1.5, "p90": 2.0, "p95": 2.5, "p99": 4.0},
    "requests_per_second": 400.0,
    "predictions_per_request": 2,
}


class TestServingMeasurement:
    def test_is_read_as_it_was_measured(self) -> None:
        """The image's file, in the report's words."""
        document = ServingMeasurement.read(json.dumps(MEASURED)).document(
            measured_on="ml.m5.xlarge", priced_for="ml.m5.large"
        )

        assert document["latency_ms"]["p99"] == 4.0
        # 0.115 USD an hour for 800 predictions a second
        assert document["cost_per_1000_usd"] == pytest.approx(0.115 / 3600 / 800 * 1000)
        assert document["problem"] == ""

    def test_price_that_nobody_knows(self) -> None:
        """The cost is not known then, and says why; it is never taken for nought."""
        measured = ServingMeasurement.read(json.dumps(MEASURED))

        assert measured.cost_per_1000_usd("ml.unheard.of") == (
            None,
            "no price of ml.unheard.of is known; the settings may state one (prices)",
        )

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.dictionaries(st.sampled_from([*MEASURED, "problem", "p99"]), inner, max_size=5),
            max_leaves=12,
        )
    )
    def test_whatever_a_file_holds_it_is_a_measurement_or_a_problem(self, document: Any) -> None:
        """A model's program may write what it likes beside its report."""
        measured = ServingMeasurement.read(json.dumps(document))

        assert bool(measured.latency_ms) != bool(measured.problem)
        assert all(value > 0 for value in measured.latency_ms.values())
        json.dumps(measured.document(measured_on="", priced_for=""), allow_nan=False)
