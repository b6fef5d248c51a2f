"""Run by ``slipway model check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from metrics import measure
from model import Model

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [[area, 2, 1990, 3.0, district] for area in range(30, 130, 5) for district in ("north", "south")]
RENTS = [100.0 + 10 * row[0] + (200 if row[4] == "south" else 0) for row in ROWS]


class TestModel:
    def test_learns_a_linear_relation(self) -> None:
        """Rents that follow from the columns are found again."""
        model = Model.fit(ROWS, RENTS, penalty=1e-6)

        assert measure(RENTS, model.predict(ROWS))["mae"] < 1

    def test_saved_model_predicts_the_same(self, tmp_path: Path) -> None:
        """What is served is what was trained."""
        model = Model.fit(ROWS, RENTS, penalty=1.0)
        model.save(tmp_path)

        assert Model.load(tmp_path).predict(ROWS) == pytest.approx(model.predict(ROWS))

    def test_unseen_group_and_texts_are_answered(self) -> None:
        """CSV requests bring texts, and the world brings new districts."""
        model = Model.fit(ROWS, RENTS, penalty=1.0)

        assert len(model.predict([["72", "3", "1998", "4.5", "moon"]])) == 1
