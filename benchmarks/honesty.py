"""
Are verdicts as honest as they say? 500 simulated releases per true difference, judged like real ones.

``run()`` simulates evaluations in which the truth is known and counts the verdicts: with no
difference, a false ``better`` may come in 2.5 % of the releases; with a gain, the share that is found
stands beside the theoretical power of a test with the true standard error; with a challenger that is
worse by exactly the margin, a false ``equivalent`` may come in 5 %. The plot goes to
``build/benchmarks/honesty.png``.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib as mpl
import numpy as np
from scipy import stats

from slipway.domain.judging.bootstrap import compare
from slipway.domain.judging.difference import Difference
from slipway.domain.judging.metrics import metric_named
from slipway.domain.judging.pairing import Pair
from slipway.domain.judging.rows import Side
from slipway.domain.judging.verdict import conclude

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.domain.judging.metric import Metric

PLOT = Path("build/benchmarks/honesty.png")
RELEASES = 500
ROWS = 1000
SHARE_OF_ONES = 0.2
DISHONEST = 0.01
"""A rate that would come by chance in fewer of a hundred runs than this is no chance."""
LARGE = 2_000_000
"""Rows from which the true difference and its standard error are found."""
NORMAL = NormalDist()


@dataclass(frozen=True)
class World:
    """A way in which evaluations come about; ``effect`` makes the challenger better, below 0 worse."""

    metric: str
    task: str
    simulate: Callable[[np.random.Generator, int, float], Pair]
    error: Callable[[Pair], float]
    """Standard deviation of the difference times the root of the rows, from many rows."""
    effects: tuple[float, ...]

    def measure(self) -> Metric:
        metric = metric_named(self.task, self.metric)  # type: ignore[arg-type]
        assert metric is not None
        return metric


def prices(random: np.random.Generator, rows: int, effect: float) -> Pair:
    """Skewed labels; heavy-tailed errors that both models share in part."""
    label = random.gamma(4, 25, rows)
    shared = random.standard_t(5, rows) * 8
    ours, theirs = (shared + random.standard_t(5, rows) * 12 * scale for scale in (1, 1 - effect))
    return Pair(Side("regression", label, label + ours), Side("regression", label, label + theirs), {})


def delays(random: np.random.Generator, rows: int, effect: float) -> Pair:
    """A fifth of the labels are 1; both models see the same signal with noise of their own."""
    label = (random.random(rows) < SHARE_OF_ONES).astype(float)
    shared = label + random.normal(0, 0.8, rows)
    ours, theirs = (shared + random.normal(0, 1 - less, rows) for less in (0, effect))
    return Pair(
        Side("binary", label, score=1 / (1 + np.exp(-ours))),
        Side("binary", label, score=1 / (1 + np.exp(-theirs))),
        {},
    )


def error_of_mae(pair: Pair) -> float:
    """The standard deviation of the paired differences of losses."""
    label = pair.champion.label
    ours, theirs = (np.abs(label - side.column("prediction")) for side in (pair.champion, pair.challenger))
    return float(np.std(theirs - ours))


def error_of_auc(pair: Pair) -> float:
    """From the variance of the differences of placements (DeLong, DeLong and Clarke-Pearson, 1988)."""
    label = pair.champion.label
    placed = []
    for side in (pair.champion, pair.challenger):
        ranks = stats.rankdata(side.column("score"))
        positive, negative = label == 1, label == 0
        below = (ranks[positive] - stats.rankdata(side.column("score")[positive])) / negative.sum()
        above = 1 - (ranks[negative] - stats.rankdata(side.column("score")[negative])) / positive.sum()
        placed.append((below, above))
    share = float(label.mean())
    variances = [float(np.var(theirs - ours)) for ours, theirs in zip(*placed, strict=True)]
    return math.sqrt(variances[0] / share + variances[1] / (1 - share))


WORLDS = (
    World("mae", "regression", prices, error_of_mae, (0.0, -0.06, 0.03, 0.06, 0.09, 0.12)),
    World("auc", "binary", delays, error_of_auc, (0.0, 0.25, 0.5)),
)


def judged(world: World, effect: float, true: float) -> Counter[str]:
    """The verdicts on many releases, without a margin, and with one as large as the true difference."""
    found: Counter[str] = Counter()
    for seed in range(RELEASES):
        pair = world.simulate(np.random.default_rng([seed, round(1000 * abs(effect))]), ROWS, effect)
        difference = compare(pair, [world.measure()])[0]
        assert isinstance(difference, Difference), difference
        found[conclude(difference).kind] += 1
        if effect < 0:
            found[f"{conclude(difference, margin=-true).kind} within the margin"] += 1
    return found


def power(gain: float, error: float) -> float:
    """Of a one-sided test at 2.5 % that knows the standard error."""
    return NORMAL.cdf(gain / error - NORMAL.inv_cdf(0.975))


def run() -> dict[str, Any]:
    """The rates, and whether they are what they should be."""
    answers: dict[str, Any] = {
        "releases_each": RELEASES,
        "rows_each": ROWS,
        "resamples": 2000,
        "method": "bca",
    }
    for world in WORLDS:
        lines = []
        for effect in world.effects:
            large = world.simulate(np.random.default_rng(2**31), LARGE, effect)
            metric = world.measure()
            values = [metric.of(side).value for side in (large.champion, large.challenger)]
            assert None not in values
            true = metric.sign * (values[1] - values[0]) if effect else 0.0  # type: ignore[operator]
            error = world.error(large) / math.sqrt(ROWS)
            kinds = judged(world, effect, true)
            better = kinds["better"]
            low, high = stats.binomtest(better, RELEASES).proportion_ci()
            line = {
                "true_gain": round(true, 5),
                "standard_error": round(error, 5),
                "verdicts": dict(kinds),
                "better": better / RELEASES,
                "better_95_percent": [round(float(low), 4), round(float(high), 4)],
                "theoretical_power": round(power(true, error), 4),
            }
            if effect == 0:
                line["false_better_nominal"] = 0.025
                # how probable so many or more are if the rate is nominal: small means dishonest
                line["p_of_so_many"] = float(stats.binomtest(better, RELEASES, 0.025, "greater").pvalue)
                assert line["p_of_so_many"] > DISHONEST, line
            if effect < 0:
                line["false_equivalent"] = kinds["equivalent within the margin"] / RELEASES
                line["false_equivalent_nominal"] = 0.05
            lines.append(line)
        answers[world.metric] = lines
    draw(answers)
    answers["plot"] = str(PLOT)
    return answers


def draw(answers: dict[str, Any]) -> None:
    """The share called better beside the theoretical power."""
    figure, places = plt.subplots(1, len(WORLDS), figsize=(11, 4.4), layout="constrained")
    for world, place in zip(WORLDS, places, strict=True):
        lines = sorted(answers[world.metric], key=lambda line: line["true_gain"])
        gains = [line["true_gain"] for line in lines]
        error = float(np.mean([line["standard_error"] for line in lines]))
        at = np.linspace(min(gains) - error, max(gains) + error, 200)
        errors = np.interp(at, gains, [line["standard_error"] for line in lines])
        place.plot(
            at,
            [power(g, e) for g, e in zip(at, errors, strict=True)],
            color="0.55",
            label="theoretical power",
        )
        shares = np.array([line["better"] for line in lines])
        bounds = np.array([line["better_95_percent"] for line in lines]).T
        place.errorbar(
            gains,
            shares,
            yerr=np.abs(bounds - shares),
            fmt="o",
            capsize=3,
            label=f"called better, of {RELEASES} releases",
        )
        place.axhline(0.025, linestyle=":", color="tab:red", label="nominal false better, 2.5 %")
        place.set(
            title=f"{world.metric}, {ROWS:,} rows",
            xlabel=f"true gain in {world.metric}",
            ylabel="share of releases",
            ylim=(-0.02, 1.02),
        )
        place.legend(loc="center right" if world.metric == "auc" else "upper left", frameon=False)
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, dpi=110)
    plt.close(figure)
