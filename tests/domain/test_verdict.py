from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.judging.gate_language import parse_gate
from slipway.domain.judging.gates import GateEvidence, check_gate
from slipway.domain.measurement import Measurement
from slipway.domain.verdict import judge

finite = st.floats(-1e9, 1e9)


def a_manifest(direction: str = "minimize", margin: float = 0.0) -> Any:
    return {
        "evaluation": {
            "primary_metric": "m",
            "margin": margin,
            "metrics": {"m": {"direction": direction, "unit": ""}},
        },
        "gates": [],
    }


class TestMetricGate:
    @given(finite, finite, st.sampled_from(["<=", ">=", "<", ">"]))
    def test_comparisons_are_pythons(self, value: float, threshold: float, comparison: str) -> None:
        """A gate passes exactly when the comparison holds; the threshold itself passes <= and >=."""
        outcome = check_gate(parse_gate(f"m {comparison} {threshold!r}"), GateEvidence({"m": value}))

        expected = {
            "<=": value <= threshold,
            ">=": value >= threshold,
            "<": value < threshold,
            ">": value > threshold,
        }
        assert outcome["passed"] is expected[comparison]

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_not_finite_fails_every_gate(self, value: float) -> None:
        """NaN compares as false, infinity as true: neither was measured, so neither passes."""
        measured = Measurement.read(
            f'{{"metrics": {{"m": {str(value).replace("nan", "NaN").replace("inf", "Infinity")}}}}}', "u"
        )

        for comparison in ("<=", ">=", "<", ">"):
            manifest = a_manifest() | {"gates": [f"m {comparison} 0"]}
            outcomes = judge(manifest, measured, None).outcomes
            assert {
                "gate": f"m {comparison} 0",
                "passed": False,
                "reason": "m is not a finite number",
            } in outcomes


class TestMeasurement:
    @pytest.mark.parametrize(
        "text",
        [
            '{"metrics": {"mae": 1' + "0" * 400 + "}}",
            '{"metrics": {"mae": true}}',
            '{"metrics": {"mae": []}, "plots": 7, "rows": "many", "slices": [1], "seconds": "long"}',
        ],
    )
    def test_any_json_can_be_read(self, text: str) -> None:
        """What a model's program writes never breaks the judgement; what is no number is missing."""
        measured = Measurement.read(text, "s3://bucket/evaluation.json")

        assert (measured.not_finite, measured.plots, measured.seconds) == (("mae",), (), None)


class TestVerdict:
    @given(finite, finite)
    def test_of_two_different_models_one_is_better(self, one: float, other: float) -> None:
        """With no margin, of two models each way round at least one is accepted, both only when equal."""
        first, second = Measurement({"m": one}), Measurement({"m": other})

        accepted = [
            judge(a_manifest(), first, second).accepted,
            judge(a_manifest(), second, first).accepted,
        ]

        assert any(accepted)
        assert all(accepted) == (one == other)

    @given(finite, finite)
    def test_directions_mirror_each_other(self, one: float, other: float) -> None:
        """Minimizing a metric is maximizing its negative."""
        lower = judge(a_manifest("minimize"), Measurement({"m": one}), Measurement({"m": other}))
        higher = judge(a_manifest("maximize"), Measurement({"m": -one}), Measurement({"m": -other}))

        assert lower.accepted == higher.accepted

    def test_every_reason_is_given(self) -> None:
        """The summary holds every failed check, not only the first."""
        manifest = a_manifest() | {"gates": ["m <= 1"]}

        summary = judge(
            manifest, Measurement({"m": 3}), Measurement({"m": 2}), champion_version="1.0.0"
        ).summary

        assert "needs <= 1" in summary
        assert "worse than the champion 1.0.0" in summary

    def test_one_reason_is_told_once(self) -> None:
        """A metric that is not a number fails its gate and the declaration, for one reason."""
        manifest = a_manifest() | {"gates": ["m <= 1"]}

        summary = judge(manifest, Measurement(not_finite=("m",)), None).summary

        assert summary == "not accepted: m is not a finite number"
