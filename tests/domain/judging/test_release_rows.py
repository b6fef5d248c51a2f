"""From predictions and the manifest's [evaluation] to what the rows say."""

from __future__ import annotations

import random
from typing import Any

import pytest

from slipway.domain.judging.release_rows import declared_metric, evidence_of_rows


def an_evaluation(**changes: Any) -> dict[str, Any]:
    return {
        "task": "regression",
        "primary_metric": "mae",
        "margin": 0.5,
        "metrics": {
            "mae": {"direction": "minimize", "unit": "EUR"},
            "rmse": {"direction": "minimize", "unit": "EUR"},
            "profit": {"direction": "maximize", "unit": "EUR"},
        },
        "min_slice_rows": 20,
        "confidence": 0.95,
        "resamples": 500,
        "undecided": "ask",
        **changes,
    }


def predictions(error: float, *, rows: int = 400, north: float = 0.0, seed: int = 1) -> bytes:
    """Labels around 100; predictions that err by about ``error``, in the north by ``north`` more."""
    drawn = random.Random(seed)
    truth = random.Random(7)
    lines = ["row_id,label,prediction,region,day,nights"]
    for row in range(rows):
        label, region = round(truth.gauss(100, 20), 2), ("north", "south")[row % 2]
        off = drawn.choice((-1, 1)) * (error + (north if region == "north" else 0) + drawn.random())
        lines.append(f"r{row},{label},{label + off:.4f},{region},d{row // 10},{1 + row % 3}")
    return "\n".join(lines).encode()


class TestMetrics:
    def test_computed_are_those_that_the_platform_knows(self) -> None:
        """A model's own metric is left to its report."""
        found = evidence_of_rows(an_evaluation(), [], predictions(2.0), None)

        assert found.problem == ""
        assert set(found.challenger) == {"mae", "rmse"}
        assert found.challenger["mae"] == pytest.approx(2.5, abs=0.1)
        assert found.champion is None
        assert found.conclusion is None

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"task": "binary", "threshold": 0.3}, "f1"),
            ({"task": "regression", "quantile": 0.9}, "pinball"),
            ({"task": "ranking", "k": 5}, "ndcg"),
        ],
    )
    def test_a_parameter_of_the_manifest_keeps_the_metrics_name(self, changes: Any, name: str) -> None:
        """``f1`` with ``threshold = 0.3`` is still called f1."""
        metric = declared_metric(changes, name)

        assert metric is not None
        assert metric.name == name

    def test_direction_that_is_not_the_metrics(self) -> None:
        """Declared the wrong way round, a metric would turn every verdict: it is named."""
        metrics = {"mae": {"direction": "maximize", "unit": ""}}

        found = evidence_of_rows(an_evaluation(metrics=metrics), [], predictions(2.0), None)

        assert found.misdeclared[0].startswith("mae is better when it is lower")


class TestBothSides:
    def test_difference_and_slices_come_from_the_same_rows(self) -> None:
        """The primary metric decides, the others have their intervals; both regions are compared."""
        found = evidence_of_rows(an_evaluation(), [], predictions(2.0, north=3.0, seed=2), predictions(3.0))

        assert found.conclusion is not None
        assert found.conclusion.difference.metric == "mae"
        assert [one.metric for one in found.differences] == ["mae", "rmse"]
        assert found.slice_report is not None
        assert found.slice_report.worst is not None
        worst = found.slice_report.worst
        assert (worst.column, worst.value, worst.worse) == ("region", "north", True)

    @pytest.mark.parametrize(
        "changes", [{"block_by": "day"}, {"stratify_by": "region"}, {"weight": "nights"}]
    )
    def test_columns_that_say_how_rows_are_drawn(self, changes: dict[str, str]) -> None:
        """Blocks, strata and weights are columns of the predictions."""
        found = evidence_of_rows(an_evaluation(**changes), [], predictions(2.0, seed=2), predictions(3.0))

        assert found.conclusion is not None
        assert found.conclusion.kind == "better"
        expected = 40 if "block_by" in changes else 400
        assert found.conclusion.difference.units == expected

    def test_columns_that_are_not_there(self) -> None:
        """The problem names the column."""
        for changes in ({"block_by": "week"}, {"weight": "stars"}, {"slices": ["city"]}):
            found = evidence_of_rows(an_evaluation(**changes), [], predictions(2.0), None)
            assert f"the predictions lack {next(iter(changes.values()))}".replace("['city']", "city") in (
                found.problem
            )

    def test_own_primary_metric_is_not_compared_row_by_row(self) -> None:
        """It says so, and nothing is concluded."""
        found = evidence_of_rows(
            an_evaluation(primary_metric="profit"), [], predictions(2.0), predictions(3.0)
        )

        assert found.conclusion is None
        assert "profit is the model's own metric" in found.not_compared

    @pytest.mark.parametrize(
        ("ours", "said"),
        [
            (predictions(2.0).replace(b"r7,", b"r7777,"), "did not predict the same rows"),
            (predictions(2.0, rows=399), "the challenger lacks 1 row"),
            (predictions(2.0).replace(b"\nr1,", b"\nr1,1"), "another label in 1 row"),
            (predictions(2.0).replace(b",north,", b",east,", 1), "another value of region in 1 row"),
        ],
    )
    def test_rows_that_are_not_the_same(self, ours: bytes, said: str) -> None:
        """Changed rows or labels refuse the comparison, with their reason."""
        assert said in evidence_of_rows(an_evaluation(), [], ours, predictions(3.0)).champion_problem

    def test_prediction_that_is_no_number(self) -> None:
        """NaN in one row is a problem of the challenger's own."""
        ours = predictions(2.0).split(b"\n")
        ours[5] = b"r4,100,nan,north,d0,1"

        found = evidence_of_rows(an_evaluation(), [], b"\n".join(ours), None)

        assert "prediction is no finite number in 1 row, such as 'r4'" in found.problem


class TestSliceGates:
    def test_only_columns_that_gates_name_are_measured_for_them(self) -> None:
        """Each slice of the column with its metrics, of both sides."""
        gates = ["every slice of region: mae <= champion"]

        found = evidence_of_rows(an_evaluation(), gates, predictions(2.0, seed=2), predictions(3.0))

        assert set(found.slices) == {"region"}
        assert found.slices["region"]["north"]["mae"] == pytest.approx(2.5, abs=0.1)
        assert found.champion_slices["region"]["north"]["mae"] == pytest.approx(3.5, abs=0.1)

    def test_slices_with_few_rows_are_named(self) -> None:
        """They are no reason to pass or fail."""
        found = evidence_of_rows(
            an_evaluation(min_slice_rows=201), ["every slice of region: mae <= 9"], predictions(2.0), None
        )

        assert found.slices == {}
        assert found.small_slices == {"region": ("north", "south")}
