from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import confusion_matrix as reference_matrix

from slipway.domain.judging.metrics import metric_named, metrics_of
from slipway.domain.judging.multiclass import confusion_matrix
from slipway.domain.judging.rows import TASKS, ColumnMissingError, Side
from tests.domain.judging import naive
from tests.domain.judging.random_sides import pairs, random_pair

if TYPE_CHECKING:
    from slipway.domain.judging.pairing import Pair
    from slipway.domain.judging.rows import Task


class TestValues:
    @given(pair=pairs())
    @settings(max_examples=60, deadline=None)
    def test_every_metric_has_the_value_of_scikit_learn(self, pair: Pair) -> None:
        """Ties, constant scores and weights (some nought) included."""
        side = pair.challenger
        arrays = naive.repeated(side, np.ones(len(side), dtype=int))
        for name, reference in naive.ALL[side.task].items():
            metric = metric_named(side.task, name)
            assert metric is not None, name
            measured = metric.of(side)
            if measured.value is None:
                assert "not defined" in measured.reason
                assert name.startswith(("f1", "precision")), measured.reason
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert measured.value == pytest.approx(reference(arrays), rel=1e-9, abs=1e-12), name

    def test_confusion_matrix_counts_labels_down_and_predictions_across(self) -> None:
        """As scikit-learn's, with weights."""
        side = random_pair(3, "multiclass", 200, weighted=True).champion
        found = confusion_matrix(side)

        reference = reference_matrix(side.label, side.prediction, sample_weight=side.weight, labels=range(4))
        assert np.allclose(found, reference)


def binary(label: list[float], score: list[float]) -> Side:
    return Side("binary", np.array(label), score=np.array(score))


class TestWhatIsNotDefined:
    @pytest.mark.parametrize(
        ("name", "side", "reason"),
        [
            ("auc", binary([1, 1], [0.2, 0.8]), "auc is not defined: every label is 1"),
            ("auc", binary([0, 0], [0.2, 0.8]), "auc is not defined: every label is 0"),
            (
                "average_precision",
                binary([0, 0], [0.2, 0.8]),
                "average_precision is not defined: no label is 1",
            ),
            ("precision", binary([0, 1], [0.2, 0.3]), "precision is not defined: no row is predicted as 1"),
            (
                "brier",
                binary([0, 1], [0.2, 1.3]),
                "brier is not defined: the score is no probability, below 0 or above 1, in 1 rows",
            ),
        ],
    )
    def test_binary_metric_says_why(self, name: str, side: Side, reason: str) -> None:
        """An undefined metric is a value with its reason, not an exception."""
        metric = metric_named("binary", name)
        assert metric is not None

        measured = metric.of(side)

        assert (measured.value, measured.reason) == (None, reason)

    def test_percentage_error_of_nothing(self) -> None:
        """A label of 0 has no relative error."""
        metric = metric_named("regression", "mape")
        assert metric is not None
        side = Side("regression", np.array([0.0, 1.0]), np.array([1.0, 1.0]))

        assert metric.of(side).reason == "mape is not defined: the label is 0 in 1 rows"

    def test_determination_of_a_constant(self) -> None:
        """R² compares with the labels' variance, and there is none."""
        metric = metric_named("regression", "r2")
        assert metric is not None
        side = Side("regression", np.full(30, 0.1), np.linspace(0, 1, 30))

        assert metric.of(side).reason == "r2 is not defined: all labels are the same"

    def test_missing_column_is_named(self) -> None:
        """Hard predictions have no ROC curve."""
        metric = metric_named("binary", "auc")
        assert metric is not None
        side = Side("binary", np.array([0.0, 1.0]), prediction=np.array([0.0, 1.0]))

        assert metric.of(side).reason == "auc needs the column score"
        with pytest.raises(ColumnMissingError):
            side.column("score")

    def test_other_task_is_named(self) -> None:
        """A metric of another kind of model is refused."""
        metric = metric_named("regression", "mae")
        assert metric is not None

        assert metric.of(binary([0, 1], [0, 1])).reason.startswith("mae is a metric of regression models")

    def test_class_scores_that_are_no_probabilities(self) -> None:
        """Log loss of scores that don't add up to 1 would compare nothing."""
        metric = metric_named("multiclass", "log_loss")
        assert metric is not None
        side = random_pair(1, "multiclass", 30).champion
        wrong = replace(side, class_scores=side.column("class_scores") * 2)

        assert "add up to 1 in 30 rows" in metric.of(wrong).reason


class TestNames:
    @pytest.mark.parametrize("task", TASKS)
    def test_metric_is_found_by_its_own_name(self, task: Task) -> None:
        """Names are unique and read back."""
        metrics = metrics_of(task)

        assert len({metric.name for metric in metrics}) == len(metrics)
        for metric in metrics:
            found = metric_named(task, metric.name)
            assert found is not None
            assert found.name == metric.name

    @pytest.mark.parametrize(
        ("task", "name"),
        [
            ("regression", "pinball(1.0)"),
            ("regression", "pinball(.9.1)"),
            ("binary", "f1(1.5)"),
            ("binary", "ece(2.5)"),
            ("ranking", "ndcg@0"),
            ("multiclass", "auc"),
            ("binary", "f1 (0.3)"),
        ],
    )
    def test_unknown_name_is_no_metric(self, task: Task, name: str) -> None:
        """What the platform can't compute it does not guess."""
        assert metric_named(task, name) is None
