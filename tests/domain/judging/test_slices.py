from __future__ import annotations

import numpy as np
import pytest

from slipway.domain.judging.metrics import metric_named
from slipway.domain.judging.pairing import Pair
from slipway.domain.judging.rows import Side, Slicing
from slipway.domain.judging.slices import MAX_SLICES, SliceReport, compare_slices, step_down


def slicing(codes: np.ndarray) -> Slicing:
    return Slicing(codes.astype(np.int64), tuple(f"v{n:03}" for n in range(int(codes.max()) + 1)))


def release(seed: int, rows: int = 3000, slices: int = 12, harm: float = 0.0, columns: int = 2) -> Pair:
    """Two models of the same error, but for the challenger's in the first slice of the first column."""
    random = np.random.default_rng(seed)
    label = random.normal(0, 10, rows)
    codes = [random.integers(0, slices, rows) for _ in range(columns)]
    ours, theirs = random.normal(0, 3, rows), random.normal(0, 3, rows)
    theirs[codes[0] == 0] *= 1 + harm
    return Pair(
        Side("regression", label, label + ours),
        Side("regression", label, label + theirs),
        {f"c{n}": slicing(one) for n, one in enumerate(codes)},
    )


def judged(pair: Pair, **options: float) -> SliceReport:
    mae = metric_named("regression", "mae")
    assert mae is not None
    return compare_slices(pair, mae, **{"resamples": 2000, **options})  # type: ignore[arg-type]


class TestWorst:
    def test_slice_that_is_worse_is_found(self) -> None:
        """And only that one."""
        report = judged(release(1, harm=0.5))

        assert [(one.column, one.value) for one in report.worse] == [("c0", "v000")]
        assert report.worst is not None
        assert (report.worst.column, report.worst.value) == ("c0", "v000")
        assert report.worst.upper < 0

    def test_within_the_margin_no_slice_is_worse(self) -> None:
        """The manifest's margin holds in slices too."""
        assert judged(release(1, harm=0.5), margin=5.0).worse == ()

    def test_small_slices_are_named_and_not_judged(self) -> None:
        """What has too few rows says nothing of the model."""
        pair = release(2)
        codes = pair.slices["c0"].codes.copy()
        codes[np.flatnonzero(codes == 3)[50:]] = 4
        report = judged(Pair(pair.champion, pair.challenger, {"c0": slicing(codes)}))

        assert [(one.value, one.rows, one.reason) for one in report.not_judged] == [
            ("v003", 50, "fewer than 100 rows")
        ]
        assert "v003" not in [one.value for one in report.judged]

    def test_slice_without_a_class_is_named(self) -> None:
        """Where all labels are 1 there is no ROC curve."""
        random = np.random.default_rng(0)
        label = random.integers(0, 2, 1000).astype(float)
        codes = random.integers(0, 3, 1000)
        label[codes == 1] = 1
        auc = metric_named("binary", "auc")
        assert auc is not None
        ours, theirs = (Side("binary", label, score=random.random(1000)) for _ in range(2))
        report = compare_slices(Pair(ours, theirs, {"c": slicing(codes)}), auc)

        assert [one.value for one in report.not_judged] == ["v001"]
        assert len(report.judged) == 2

    def test_only_the_largest_of_very_many_slices_are_judged(self) -> None:
        """All others are named."""
        pair = release(3, rows=6000, slices=MAX_SLICES + 50, columns=1)
        report = judged(pair, min_rows=2, resamples=50)

        assert len(report.judged) == MAX_SLICES
        assert len(report.judged) + len(report.not_judged) == len(pair.slices["c0"].values)

    def test_only_the_columns_that_are_asked_for_are_looked_at(self) -> None:
        """A block column, say, is no slice column."""
        mae = metric_named("regression", "mae")
        assert mae is not None
        report = compare_slices(release(4), mae, columns=["c1"], resamples=200)

        assert {one.column for one in report.judged} == {"c1"}

    def test_metric_that_a_side_lacks(self) -> None:
        """All slices are named, with the reason."""
        auc = metric_named("binary", "auc")
        assert auc is not None
        report = compare_slices(release(4), auc)

        assert report.judged == ()
        assert {one.reason for one in report.not_judged} == {
            "auc is a metric of binary models, and the rows are of regression"
        }

    def test_slices_have_their_rows_values(self) -> None:
        """A slice's metric is that of its rows alone."""
        pair = release(4)
        found = judged(pair).judged[0]
        mine = pair.slices[found.column].codes == pair.slices[found.column].values.index(found.value)
        errors = np.abs(pair.champion.label - pair.champion.column("prediction"))[mine]

        assert found.champion == pytest.approx(errors.mean())
        assert found.rows == mine.sum()


class TestCorrection:
    def test_false_alarms_over_all_slices_stay_at_the_level(self) -> None:
        """
        With 24 overlapping slices and no difference, one in forty releases may be called worse in any.

        Without a correction it would be nearly half of them.
        """
        alarms = naive = 0
        releases = 120
        for seed in range(releases):
            report = judged(release(100 + seed, rows=2600), resamples=400)
            alarms += bool(report.worse)
            naive += any(one.gain + 1.96 * one.standard_error < 0 for one in report.judged)

        assert alarms <= 9  # nominal 3; more than 9: 1 in 900
        assert naive > 30

    def test_adjusted_values_are_never_below_the_plain_ones(self) -> None:
        """And never less for a smaller value."""
        random = np.random.default_rng(0)
        drawn, observed = random.normal(size=(999, 20)), random.normal(1, 1, 20)
        adjusted = step_down(observed, drawn)
        plain = (1 + (drawn >= observed).sum(axis=0)) / 1000

        assert (adjusted >= plain).all()
        assert (np.diff(adjusted[np.argsort(observed)]) <= 0).all()

    def test_copies_of_a_slice_cost_nothing(self) -> None:
        """Bonferroni would take ten tests for ten; these are one."""
        random = np.random.default_rng(0)
        drawn = np.repeat(random.normal(size=(1999, 1)), 10, axis=1)

        assert step_down(np.full(10, 2.2), drawn)[0] == step_down(np.array([2.2]), drawn[:, :1])[0]

    def test_step_down_after_a_rejection(self) -> None:
        """What was found no longer counts against the others."""
        random = np.random.default_rng(0)
        drawn = random.normal(size=(1999, 2))
        both = step_down(np.array([9.0, 1.9]), drawn)

        assert both[1] == step_down(np.array([1.9]), drawn[:, 1:])[0]
