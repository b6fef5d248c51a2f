"""Run by ``slipway model check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from metrics import measure
from model import Model

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [[months, 20.0, months % 3, contract] for months in range(1, 61) for contract in ("monthly", "yearly")]
LEFT = [float(row[0] < 24 and row[3] == "monthly") for row in ROWS]


class TestModel:
    def test_tells_the_classes_apart(self) -> None:
        """Customers who leave score above those who stay."""
        model = Model.fit(ROWS, LEFT, penalty=1.0)

        assert measure(LEFT, model.predict(ROWS))["auc"] > 0.95

    def test_saved_model_predicts_the_same(self, tmp_path: Path) -> None:
        """What is served is what was trained."""
        model = Model.fit(ROWS, LEFT, penalty=1.0)
        model.save(tmp_path)

        assert Model.load(tmp_path).predict(ROWS) == pytest.approx(model.predict(ROWS))

    def test_unseen_group_and_texts_are_answered(self) -> None:
        """CSV requests bring texts, and the world brings new contracts; answers are probabilities."""
        model = Model.fit(ROWS, LEFT, penalty=1.0)

        (chance,) = model.predict([["18", "39.9", "2", "weekly"]])
        assert 0 <= chance <= 1
