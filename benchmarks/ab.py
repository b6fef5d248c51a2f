"""
Do A/B tests decide right, however often they are looked at? 200 simulated trials per true effect.

``run()`` simulates trials whose truth is known, looked at after every batch of outcomes as the watch loop
does, and counts what they decide beside two others on the same outcomes: a test of fixed size (80 % power
for the minimum effect, one look at its end) and naive peeking (that same test at every look). With no
effect, false decisions may come in 5 % of the trials. The plot goes to ``build/benchmarks/ab.png``.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from scipy import stats

from slipway.domain.trials.confidence_sequence import fixed_information
from slipway.domain.trials.effect import RISK
from slipway.domain.trials.moments import Moments
from slipway.domain.trials.stopping import Arm, Question, look

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Callable

PLOT = Path("build/benchmarks/ab.png")
"""Its like in ``docs/trials-ab.svg`` is drawn from one run's answer by ``draw``."""
TRIALS = 200
LOOKS = 100
LONGEST = 4
"""A trial may take so many times what the test of fixed size takes."""
DISHONEST = 0.01
"""A rate that would come by chance in fewer of a hundred benchmarks than this is no chance."""
EFFECTS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""True effects, in minimum effects."""


@dataclass(frozen=True)
class World:
    """Outcomes of a kind; ``draw(random, size, effect)`` are one arm's."""

    draw: Callable[[np.random.Generator, int, float], Any]
    minimum_effect: float
    share: float
    variance: float

    @property
    def fixed(self) -> int:
        """Outcomes of both arms that the test of fixed size takes."""
        information = fixed_information(self.minimum_effect, risk=RISK)
        return math.ceil(information * self.variance * (1 / self.share + 1 / (1 - self.share)))


def bookings(random: np.random.Generator, size: int, effect: float) -> Any:
    """A tenth of the requests are booked."""
    return (random.random(size) < 0.1 + effect).astype(float)


def revenue(random: np.random.Generator, size: int, effect: float) -> Any:
    """Skewed: most are small, some are large."""
    return random.gamma(0.5, 40, size) + effect


WORLDS = {
    "booked, halves": World(bookings, 0.02, 0.5, 0.1 * 0.9),
    "booked, a tenth": World(bookings, 0.02, 0.1, 0.1 * 0.9),
    "revenue, halves": World(revenue, 3.0, 0.5, 0.5 * 40**2),
}


def trial(world: World, effect: float, seed: int) -> dict[str, Any]:
    """One trial: what each way decides, and after how many outcomes."""
    random = np.random.default_rng(seed)
    outcomes = world.fixed * LONGEST
    theirs = random.random(outcomes) < world.share
    values = np.where(
        theirs,
        world.draw(random, outcomes, effect * world.minimum_effect),
        world.draw(random, outcomes, 0.0),
    )
    question = Question(world.minimum_effect, "maximize", world.share)
    arms = [Moments(), Moments()]
    peeked: tuple[str, int] | None = None
    batch = math.ceil(outcomes / LOOKS / LONGEST)
    for begin in range(0, outcomes, batch):
        some = slice(begin, begin + batch)
        for which in (0, 1):
            arms[which] = arms[which].merge(Moments.of(values[some][theirs[some] == bool(which)].tolist()))
        champion, challenger = (Arm(one.count, one) for one in arms)
        at = champion.requests + challenger.requests
        if peeked is None and at <= world.fixed:
            once = once_only(*arms)
            peeked = (once, at) if once != "undecided" else None
        found = look(champion, challenger, question, over="" if at < outcomes else "over")
        if found.word is not None:
            break
    fixed = slice(0, world.fixed)
    ends = [Moments.of(values[fixed][theirs[fixed] == which].tolist()) for which in (False, True)]
    return {
        "sequential": (found.word, at),
        "fixed": (once_only(*ends), world.fixed),
        "peeking": peeked or (once_only(*ends), world.fixed),
        "covers": found.effect is not None
        and found.effect.lower <= effect * world.minimum_effect <= found.effect.upper,
    }


def once_only(champion: Moments, challenger: Moments) -> str:
    """What the textbook's interval says, as if nobody had looked before."""
    if min(champion.count, challenger.count) < 2:  # noqa: PLR2004 - a variance needs two
        return "undecided"
    error = math.sqrt(champion.variance / champion.count + challenger.variance / challenger.count)
    apart = challenger.mean - champion.mean
    if abs(apart) <= NormalDist().inv_cdf(1 - RISK / 2) * error:
        return "undecided"
    return "better" if apart > 0 else "worse"


def row(world: World, effect: float) -> dict[str, Any]:
    trials = [trial(world, effect, seed) for seed in range(TRIALS)]
    answer: dict[str, Any] = {"effect_in_minimum_effects": effect, "fixed_size": world.fixed}
    false = {"better", "worse"} if effect == 0 else {"worse"}
    if effect >= 1:
        false.add("equivalent")
    for way in ("sequential", "fixed", "peeking"):
        words = Counter(one[way][0] for one in trials)
        sizes = sorted(one[way][1] for one in trials)
        answer[way] = {
            "decided": dict(words),
            "false_share": sum(words[word] for word in false) / TRIALS,
            "found_share": words["better"] / TRIALS,
            "mean_size": round(statistics.mean(sizes)),
            "size_deciles": [sizes[len(sizes) // 10], sizes[len(sizes) // 2], sizes[len(sizes) * 9 // 10]],
        }
    errors = sum(not one["covers"] for one in trials)
    answer["interval_misses_at_its_end_share"] = errors / TRIALS
    answer["false_by_chance"] = round(
        float(stats.binom.sf(answer["sequential"]["false_share"] * TRIALS - 1, TRIALS, RISK)), 4
    )
    answer["honest"] = answer["false_by_chance"] > DISHONEST
    return answer


def run() -> dict[str, Any]:
    """All worlds and effects; fails where false decisions come more often than they may."""
    answer: dict[str, Any] = {"trials": TRIALS, "looks_per_fixed_size": LOOKS, "risk": RISK}
    for name, world in WORLDS.items():
        answer[name] = [row(world, effect) for effect in EFFECTS]
    answer["plot"] = str(draw({name: answer[name] for name in WORLDS}))
    assert all(one["honest"] for name in WORLDS for one in answer[name]), "more false decisions than said"
    return answer


def draw(worlds: dict[str, Any], target: Path = PLOT) -> Path:
    """Above: outcomes needed, as multiples of the fixed size. Below: decisions, false ones at no effect."""
    figure, panels = plt.subplots(
        2, len(worlds), figsize=(12, 6.4), sharex=True, sharey="row", layout="constrained"
    )
    colors = {"sequential": "#0b62c4", "fixed": "#5b7083", "peeking": "#c45500"}
    for (name, rows), (sizes, found) in zip(worlds.items(), panels.T, strict=True):
        effects = [one["effect_in_minimum_effects"] for one in rows]
        deciles = [[size / one["fixed_size"] for size in one["sequential"]["size_deciles"]] for one in rows]
        low, middle, high = zip(*deciles, strict=True)
        sizes.fill_between(effects, low, high, color=colors["sequential"], alpha=0.15, linewidth=0)
        sizes.plot(
            effects, middle, marker="o", color=colors["sequential"], label="always valid (median, 80 % range)"
        )
        sizes.axhline(1, color=colors["fixed"], linestyle="--", label="fixed size, 80 % power")
        sizes.set(title=f"{name}: fixed size {rows[0]['fixed_size']:,}")
        for way, color in colors.items():
            shares = [
                one[way]["false_share"] if not one["effect_in_minimum_effects"] else one[way]["found_share"]
                for one in rows
            ]
            found.plot(effects, shares, marker="o", color=color, label=way)
        found.axhline(RISK, color="black", linewidth=0.8, linestyle=":")
        found.set(xlabel="true effect / minimum effect", ylim=(0, 1.02))
        for panel in (sizes, found):
            panel.grid(visible=True, alpha=0.3)
            panel.spines[["top", "right"]].set_visible(False)
    panels[0, 0].set_ylabel("outcomes / fixed size")
    panels[1, 0].set_ylabel("called different\n(at 0: falsely; dotted: 5 %)")
    panels[0, 0].legend(frameon=False)
    panels[1, 0].legend(frameon=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)
    plt.close(figure)
    return target
