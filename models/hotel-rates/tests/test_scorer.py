"""The folded model is the trained one."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from hotel_rates.columns import AMOUNTS, CATEGORIES, COLUMNS
from hotel_rates.dataset import Bookings
from hotel_rates.scorer import Scorer
from hotel_rates.training import design, fit, fold

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400
FEW = 20
START = date(2016, 7, 1)


def booking(chance: random.Random, categories: int) -> list[str]:
    """A booking of random values; each category has so many."""
    amounts = {name: str(chance.randrange(4)) for name in AMOUNTS}
    amounts["historical_adr"] = f"{chance.uniform(40, 200):.2f}"
    day = START + timedelta(days=chance.randrange(400))
    return [
        *amounts.values(),
        day.isoformat(),
        *(f"{name}-{chance.randrange(categories)}" for name in CATEGORIES),
    ]


def bookings(seed: int, rows: int = ROWS, categories: int = 6) -> Bookings:
    """Random bookings whose rates hang on some of their values."""
    chance = random.Random(seed)
    made = [booking(chance, categories) for _ in range(rows)]
    place = COLUMNS.index("historical_adr")
    rates = [float(row[place]) * chance.uniform(0.7, 1.3) for row in made]
    return Bookings(made, rates, [str(number) for number in range(rows)])


class TestScorer:
    def test_predicts_what_scikit_learn_predicts(self) -> None:
        """
        Folding changes no prediction by more than 1e-9, also for rare and never seen categories.
        """
        pipeline = fit(bookings(1), epsilon=1.35, alpha=1.0, min_frequency=FEW * 3)
        others = bookings(2, categories=9).rows
        folded = Scorer(fold(pipeline)).predict(others)

        np.testing.assert_allclose(folded, np.exp(pipeline.predict(design(others))), rtol=1e-9, atol=1e-9)

    def test_without_rare_categories_unknown_ones_weigh_nothing(self) -> None:
        """
        Where training saw no rare value, an unknown one counts as none, as in scikit-learn.
        """
        pipeline = fit(bookings(3), epsilon=1.35, alpha=1.0, min_frequency=1)
        others = bookings(4, categories=9).rows
        folded = Scorer(fold(pipeline)).predict(others)

        np.testing.assert_allclose(folded, np.exp(pipeline.predict(design(others))), rtol=1e-9, atol=1e-9)

    def test_saved_model_predicts_the_same(self, tmp_path: Path) -> None:
        """
        The artifact is JSON and loses no digit.
        """
        some = bookings(5)
        scorer = Scorer(fold(fit(some, epsilon=1.35, alpha=1.0, min_frequency=FEW)))
        scorer.save(tmp_path)

        assert Scorer.load(tmp_path).predict(some.rows) == scorer.predict(some.rows)
