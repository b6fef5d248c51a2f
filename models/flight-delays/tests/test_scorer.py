"""The folded model is the trained one, and much faster."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from flight_delays.columns import COLUMNS
from flight_delays.dataset import Flights
from flight_delays.scorer import Scorer
from flight_delays.training import design, fit, fold

if TYPE_CHECKING:
    from pathlib import Path

    from sklearn.pipeline import Pipeline

ROWS = 3000
FASTER = 30
"""How many times faster than scikit-learn one row has to be; measured: several hundred times."""


def flight(chance: random.Random, carriers: int) -> list[str]:
    """A flight of random values; any of the weather may be unknown."""
    amounts = [f"{chance.uniform(0, 100):.1f}" if chance.random() > 0.15 else "" for _ in range(8)]
    carrier = f"C{chance.randrange(carriers)}"
    day = f"2013-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    clocks = [str(chance.randrange(24) * 100 + chance.randrange(60)) for _ in range(2)]
    return [day, carrier, chance.choice(["EWR", "JFK", "LGA"]), f"D{chance.randrange(12)}", *clocks, *amounts]


def flights(seed: int, carriers: int = 5) -> Flights:
    """Random flights, late or not by some of their values."""
    chance = random.Random(seed)
    rows = [flight(chance, carriers) for _ in range(ROWS)]
    wind, carrier = COLUMNS.index("wind_speed"), COLUMNS.index("carrier")
    late = [
        int(float(row[wind] or 70) + 20 * (row[carrier] == "C1") > chance.uniform(20, 120)) for row in rows
    ]
    return Flights(rows, late, [str(number) for number in range(ROWS)])


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """One trained on flights with missing weather."""
    return fit(flights(1), learning_rate=0.15, iterations=60, leaves=15, min_leaf_rows=20)


class TestScorer:
    def test_predicts_what_scikit_learn_predicts(self, pipeline: Pipeline) -> None:
        """
        Folding changes no probability by more than 1e-9, also with unknown categories and missing weather.
        """
        others = flights(2, carriers=8).rows
        folded = Scorer(fold(pipeline, threshold=0.3)).predict(others)

        np.testing.assert_allclose(folded, pipeline.predict_proba(design(others))[:, 1], rtol=0, atol=1e-9)

    def test_saved_model_predicts_the_same(self, pipeline: Pipeline, tmp_path: Path) -> None:
        """
        The artifact is JSON and loses no digit.
        """
        rows = flights(3).rows
        scorer = Scorer(fold(pipeline, threshold=0.3))
        scorer.save(tmp_path)

        assert Scorer.load(tmp_path).predict(rows) == scorer.predict(rows)

    def test_scores_a_row_much_faster_than_scikit_learn(self, pipeline: Pipeline) -> None:
        """
        One row costs less than a thirtieth of what scikit-learn takes for it.
        """
        rows = flights(4).rows[:20]
        scorer = Scorer(fold(pipeline, threshold=0.3))
        matrix = design(rows)

        def seconds(score: object) -> float:
            best = []
            for _ in range(3):
                began = time.perf_counter()
                for number in range(len(rows)):
                    score(number)  # type: ignore[operator]
                best.append(time.perf_counter() - began)
            return min(best)

        ours = seconds(lambda number: scorer.predict([rows[number]]))
        theirs = seconds(lambda number: pipeline.predict_proba(matrix[number : number + 1]))

        assert theirs > FASTER * ours
