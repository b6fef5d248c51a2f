from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from slipway.domain.judging.bootstrap import Contrast, compare
from slipway.domain.judging.confidence import acceleration, bca_interval, percentile_interval
from slipway.domain.judging.difference import Difference, NoDifference
from slipway.domain.judging.metrics import metric_named, metrics_of
from slipway.domain.judging.pairing import Pair
from slipway.domain.judging.resampling import blocked, plain
from slipway.domain.judging.rows import Side
from slipway.domain.judging.statistic import Segments
from tests.domain.judging import naive
from tests.domain.judging.random_sides import pairs, random_pair

if TYPE_CHECKING:
    from slipway.domain.judging.metric import Metric


def named(task: str, name: str) -> Metric:
    metric = metric_named(task, name)  # type: ignore[arg-type]
    assert metric is not None
    return metric


def reference(pair: Pair, name: str, counts: np.ndarray) -> float:
    of = naive.ALL[pair.champion.task][name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return of(naive.repeated(pair.challenger, counts)) - of(naive.repeated(pair.champion, counts))


class TestDraws:
    @given(pair=pairs(("regression", "binary", "multiclass")), seed=st.integers(0, 1000))
    @settings(max_examples=40, deadline=None)
    def test_difference_is_that_of_the_drawn_rows_written_out(self, pair: Pair, seed: int) -> None:
        """For every metric: the same counts give what scikit-learn finds in the repeated rows."""
        counts = np.concatenate([batch.copy() for batch in plain(len(pair), seed).draws(3)])
        for name in naive.ALL[pair.champion.task]:
            found = Contrast.of(named(pair.champion.task, name), pair).differences(counts)[:, 0]
            for value, drawn in zip(found, counts, strict=True):
                if np.isfinite(value):
                    assert value == pytest.approx(reference(pair, name, drawn), rel=1e-9, abs=1e-11), name
                else:
                    # undefined: a class that was not drawn, or nothing predicted as 1
                    assert name.startswith(("f1", "precision", "recall", "auc", "average")), name

    def test_area_of_unweighted_rows_is_exact_to_the_last_bit(self) -> None:
        """Its numerator and denominator are whole numbers."""
        pair = random_pair(5, "binary", 400, "many")
        counts = next(plain(400).draws(1)).copy()
        value = named("binary", "auc").prepare(pair.champion, Segments()).values(counts)[0, 0]

        a = naive.repeated(pair.champion, counts[0])
        ours, theirs = a["score"][a["label"] == 1], a["score"][a["label"] == 0]
        twice = 2 * (ours[:, None] > theirs).sum() + (ours[:, None] == theirs).sum()
        assert value == twice / (2 * len(ours) * len(theirs))

    @pytest.mark.parametrize("ties", ["none", "many"])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
    def test_segments_have_the_values_of_their_rows_alone(
        self, task: str, ties: str, *, weighted: bool
    ) -> None:
        """One pass over all rows gives every slice what it would have by itself."""
        pair = random_pair(11, task, 600, ties, weighted=weighted)  # type: ignore[arg-type]
        codes = np.random.default_rng(2).integers(-1, 3, 600)
        counts = np.concatenate([batch.copy() for batch in plain(600).draws(2)])
        for metric in metrics_of(task):  # type: ignore[arg-type]
            found = Contrast.of(metric, pair, Segments(codes, 3)).differences(counts)
            for code in range(3):
                for drawn, values in zip(counts, found, strict=True):
                    mine = np.where(codes == code, drawn, 0)
                    alone = Contrast.of(metric, pair).differences(mine[None, :])[0, 0]
                    assert values[code] == pytest.approx(alone, rel=1e-9, abs=1e-12), metric.name

    def test_groups_of_a_ranking_count_as_often_as_they_were_drawn(self) -> None:
        """A query that was drawn twice has twice the weight."""
        pair = random_pair(4, "ranking", 300)
        group = pair.champion.column("group").astype(np.int64)
        counts = next(blocked(group).draws(1)).copy()
        found = Contrast.of(named("ranking", "ndcg@10"), pair).differences(counts)[0, 0]

        values, weights = [], []
        for one in np.unique(group):
            mine = (group == one).astype(int)
            values.append(reference(pair, "ndcg@10", mine))
            weights.append(counts[0][group == one][0])
        assert found == pytest.approx(np.average(values, weights=weights))


class TestCompare:
    def test_answer_is_the_same_each_time(self) -> None:
        """The seed is fixed: who asks twice gets the same numbers."""
        pair = random_pair(1, "binary", 300)

        assert compare(pair, metrics_of("binary")) == compare(pair, metrics_of("binary"))

    def test_metric_does_not_depend_on_those_beside_it(self) -> None:
        """All metrics see the same draws."""
        pair = random_pair(1, "regression", 300)
        alone = compare(pair, [named("regression", "mae")])

        assert compare(pair, metrics_of("regression"))[0] == alone[0]

    def test_interval_agrees_with_scipy(self) -> None:
        """The same method on other draws: bounds differ by chance only."""
        pair = random_pair(9, "regression", 400)
        found = compare(pair, [named("regression", "rmse")], resamples=8000)[0]
        assert isinstance(found, Difference)
        label, ours, theirs = pair.champion.label, pair.champion.prediction, pair.challenger.prediction

        def difference(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
            return float(np.sqrt(np.mean((y - b) ** 2)) - np.sqrt(np.mean((y - a) ** 2)))

        theirs_interval = stats.bootstrap(
            (label, ours, theirs),
            difference,
            paired=True,
            vectorized=False,
            n_resamples=4000,
            method="BCa",
            rng=1,
        ).confidence_interval
        tolerance = 0.1 * (found.interval.upper - found.interval.lower)
        assert found.interval.lower == pytest.approx(theirs_interval.low, abs=tolerance)
        assert found.interval.upper == pytest.approx(theirs_interval.high, abs=tolerance)

    def test_dependent_rows_need_blocks(self) -> None:
        """Where rows of a day share their error, drawing single rows makes the interval too narrow."""
        random = np.random.default_rng(0)
        day = np.repeat(np.arange(40), 50)
        label = random.normal(100, 10, 2000)
        shared = random.normal(0, 3, 40)[day]
        pair = Pair(
            Side("regression", label, label + 10 + random.normal(0, 1, 2000)),
            Side("regression", label, label + 10 + shared + random.normal(0, 1, 2000)),
            {},
        )
        mae = [named("regression", "mae")]
        by_row, by_day = compare(pair, mae)[0], compare(pair, mae, resampling=blocked(day))[0]
        assert isinstance(by_row, Difference)
        assert isinstance(by_day, Difference)

        assert by_day.spread.standard_error > 4 * by_row.spread.standard_error
        assert by_day.units == 40

    @pytest.mark.parametrize("rows", [2, 19])
    def test_too_few_rows_are_not_compared(self, rows: int) -> None:
        """Draws of a handful of rows say nothing."""
        found = compare(random_pair(1, "regression", rows), [named("regression", "mae")])[0]

        assert found == NoDifference("mae", f"there are {rows} rows, and a comparison needs at least 20")

    def test_metric_that_most_draws_lose_is_not_compared(self) -> None:
        """With a single row of label 1, every third draw has no ROC curve."""
        label = np.zeros(100)
        label[0] = 1
        scores = np.linspace(0, 1, 100)
        side = Side("binary", label, score=scores)
        found = compare(Pair(side, side, {}), [named("binary", "auc")])[0]

        assert isinstance(found, NoDifference)
        assert "draws of the rows" in found.reason

    def test_groups_of_a_ranking_are_not_torn_apart(self) -> None:
        """A query with half of its rows is another query."""
        pair = random_pair(1, "ranking", 300)
        found = compare(pair, [named("ranking", "ndcg@10")], resampling=plain(300))[0]

        assert isinstance(found, NoDifference)
        assert "rows would be drawn apart from theirs" in found.reason
        assert isinstance(compare(pair, [named("ranking", "ndcg@10")])[0], Difference)

    def test_side_that_lacks_a_metric_is_named(self) -> None:
        """The others are compared all the same."""
        pair = random_pair(1, "binary", 50)
        blind = Side("binary", pair.champion.label, prediction=pair.champion.label)
        found = compare(Pair(pair.champion, blind, {}), metrics_of("binary"))

        assert found[0] == NoDifference("auc", "the challenger's auc needs the column score")
        assert any(isinstance(one, Difference) for one in found)


class TestIntervals:
    def test_acceleration_of_groups_is_that_of_rows(self) -> None:
        """The jackknife over 200 groups finds the mean's known acceleration: skewness / (6 sqrt(n))."""
        values = np.random.default_rng(0).exponential(1, 4000)
        known = float(stats.skew(values)) / (6 * np.sqrt(4000))
        groups = [np.average(values, weights=counts[0]) for counts in plain(4000).without(200)]

        assert acceleration(np.array(groups)) == pytest.approx(known, abs=0.003)

    def test_draws_that_are_all_the_same(self) -> None:
        """Both sides alike: the interval is a point."""
        same = np.zeros(100)

        assert bca_interval(same, 0.0, same, 0.95) == percentile_interval(same, 0.95)

    def test_skewed_differences_are_missed_more_evenly_by_bca(self) -> None:
        """
        Of the mean of 40 skewed differences, percentiles miss on one side far more often than 2.5 %.

        BCa comes nearer; that is why it is the one that verdicts use.
        """
        random = np.random.default_rng(1)
        missed = {"bca": 0, "percentile": 0}
        for seed in range(300):
            sample = random.lognormal(0, 1, 40)
            true = float(np.exp(0.5))
            counts = np.concatenate([batch.copy() for batch in plain(40, seed).draws(500)]).astype(float)
            means = counts @ sample / 40
            without = (sample.sum() - sample) / 39
            missed["bca"] += bca_interval(means, sample.mean(), without, 0.95).upper < true
            missed["percentile"] += percentile_interval(means, 0.95).upper < true
        assert missed["bca"] < 0.85 * missed["percentile"]
