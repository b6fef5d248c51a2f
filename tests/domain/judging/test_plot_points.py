"""The numbers of plots, held to scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import auc, confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from slipway.domain.judging.plot_points import MAX_CLASSES, MAX_POINTS, plots_of, precision_recall, roc
from slipway.domain.judging.rows import Side


def binary(rows: int = 500, *, seed: int = 1, ties: bool = True, weighted: bool = False) -> Side:
    draw = np.random.default_rng(seed)
    label = (draw.random(rows) < 0.3).astype(float)
    label[:2] = 0, 1
    score = np.clip(0.3 * label + 0.7 * draw.random(rows), 0, 1)
    weight = draw.integers(1, 5, rows).astype(float) if weighted else None
    return Side("binary", label, score=np.round(score, 2) if ties else score, weight=weight)


def points(plots: Any, kind: str, series: int = 0) -> Any:
    return next(np.array(plot["series"][series]["points"]) for plot in plots if plot["kind"] == kind)


class TestBinary:
    @pytest.mark.parametrize("weighted", [False, True])
    def test_roc_curve_is_scikit_learn_s(self, weighted: Any) -> None:
        """Every corner of a curve with few thresholds; ties are one point."""
        side = binary(weighted=weighted)
        false, true, _ = roc_curve(side.label, side.score, sample_weight=side.weight, drop_intermediate=False)

        np.testing.assert_allclose(roc(side), np.column_stack([false, true]), atol=1e-6)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_precision_and_recall_are_scikit_learn_s(self, weighted: Any) -> None:
        """But for its last point, (0, 1), which no threshold gives."""
        side = binary(weighted=weighted)
        precision, recall, _ = precision_recall_curve(side.label, side.score, sample_weight=side.weight)

        expected = np.column_stack([recall, precision])[:-1][::-1]
        np.testing.assert_allclose(precision_recall(side), expected, atol=1e-6)

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 10_000))
    def test_long_curve_keeps_its_area(self, seed: int) -> None:
        """Of thousands of corners two hundred are kept: the area below changes by less than one can see."""
        side = binary(3000, seed=seed, ties=False)
        kept = np.array(roc(side))

        assert len(kept) <= MAX_POINTS + 2
        assert abs(auc(kept[:, 0], kept[:, 1]) - roc_auc_score(side.label, side.score)) < 0.005
        assert kept[0].tolist() == [0, 0]
        assert kept[-1].tolist() == [1, 1]

    def test_calibration_is_scikit_learn_s(self) -> None:
        """Ten bins of equal width, empty ones left out."""
        side = binary(ties=False)
        share, score = calibration_curve(side.label, side.score, n_bins=10)

        found = points(plots_of({"challenger": side}, 0.5), "calibration")
        np.testing.assert_allclose(found[:, :2], np.column_stack([score, share]), atol=1e-5)
        assert found[:, 2].sum() == pytest.approx(1, abs=1e-5)

    def test_confusion_is_at_the_manifest_s_threshold(self) -> None:
        """Labels down, predictions across."""
        side = binary()
        expected = confusion_matrix(side.label, side.score >= 0.7)

        np.testing.assert_array_equal(points(plots_of({"challenger": side}, 0.7), "confusion"), expected)

    def test_side_without_both_classes_has_no_curves(self) -> None:
        """There is nothing to rank; the rest is drawn."""
        side = Side("binary", np.zeros(30), score=np.linspace(0, 1, 30))

        assert [plot["kind"] for plot in plots_of({"challenger": side}, 0.5)] == ["calibration", "confusion"]

    def test_both_sides_stand_in_one_plot(self) -> None:
        """And each has a confusion matrix of its own."""
        plots = plots_of({"challenger": binary(), "champion": binary(seed=2)}, 0.5)

        assert [len(plot["series"]) for plot in plots] == [2, 2, 2, 1, 1]


class TestOthers:
    def test_residuals_are_shares_of_the_rows(self) -> None:
        """Outliers count in the outermost bins, so that shares add up to 1."""
        draw = np.random.default_rng(3)
        label = draw.normal(100, 20, 2000)
        sides = {
            name: Side("regression", label, prediction=label + draw.normal(bias, 5, 2000))
            for name, bias in (("challenger", 0.0), ("champion", 3.0))
        }
        plots = plots_of(sides, 0.5)

        for series, bias in ((0, 0.0), (1, 3.0)):
            bars = points(plots, "residuals", series)
            assert bars[:, 2].sum() == pytest.approx(1, abs=1e-4)
            assert (bars[:, :2].mean(axis=1) * bars[:, 2]).sum() == pytest.approx(bias, abs=0.5)
            bands = points(plots, "residuals-by-prediction", series)
            assert (bands[:, 1] < bands[:, 2]).all()
            assert (bands[:, 2] < bands[:, 3]).all()

    def test_constant_residual_is_drawn_too(self) -> None:
        """A perfect model is no reason to fail."""
        side = Side("regression", np.arange(50.0), prediction=np.arange(50.0))

        assert points(plots_of({"challenger": side}, 0.5), "residuals")[:, 2].sum() == 1

    def test_many_classes_are_folded(self) -> None:
        """The rare ones count together, and no row is lost."""
        draw = np.random.default_rng(4)
        label = draw.integers(0, 40, 3000).astype(float)
        classes = tuple(f"c{number:02}" for number in range(40))
        side = Side("multiclass", label, prediction=draw.permutation(label), classes=classes)

        (plot,) = plots_of({"challenger": side}, 0.5)
        counts = np.array(plot["series"][0]["points"])
        assert counts.shape == (MAX_CLASSES, MAX_CLASSES)
        assert counts.sum() == 3000
        assert plot["classes"][-1] == "others"

    def test_rankings_have_no_plot_of_these(self) -> None:
        """Their metric says it all."""
        side = Side("ranking", np.ones(4), score=np.ones(4), group=np.zeros(4, np.int64))

        assert plots_of({"challenger": side}, 0.5) == ()
