"""A ridge regression on numbers and one column of groups; replace it by your own model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROW_ID = "row_id"
COLUMNS = ["area_m2", "rooms", "year_built", "distance_km", "district"]
TARGET = "rent_eur"
SLICE = "district"
"""Metrics are reported for each of its values as well."""
NUMBERS = 4
"""So many of the first columns are numbers, the next one is a group."""


class Model:
    """What is saved, loaded and asked for predictions."""

    def __init__(self, groups: list[str], weights: Sequence[float]) -> None:
        """Take the groups that were seen, and an intercept, a weight per number and one per group."""
        self.groups, self.weights = groups, np.asarray(weights, dtype=float)

    @classmethod
    def fit(cls, rows: Sequence[Sequence[Any]], targets: Sequence[float], *, penalty: float) -> Model:
        """Solve the normal equations; ``penalty`` (0 or more) pulls all weights but the intercept to 0."""
        model = cls(sorted({str(row[NUMBERS]) for row in rows}), [])
        design = model.design(rows)
        shrink = np.eye(design.shape[1]) * penalty
        shrink[0, 0] = 0.0
        model.weights = np.linalg.solve(
            design.T @ design + shrink, design.T @ np.asarray(targets, dtype=float)
        )
        return model

    def predict(self, rows: Sequence[Sequence[Any]]) -> list[float]:
        """One rent per row, in EUR; a group that was never seen counts as none."""
        predictions: list[float] = (self.design(rows) @ self.weights).tolist()
        return predictions

    def design(self, rows: Sequence[Sequence[Any]]) -> np.ndarray:
        """Shape (rows, 1 + NUMBERS + groups)."""
        numbers = np.array([[float(value) for value in row[:NUMBERS]] for row in rows])
        groups = np.array(
            [[str(row[NUMBERS]) == group for group in self.groups] for row in rows], dtype=float
        )
        return np.hstack([np.ones((len(rows), 1)), numbers, groups])

    def save(self, folder: Path) -> None:
        """Write ``model.json``."""
        document = {"groups": self.groups, "weights": self.weights.tolist()}
        (folder / "model.json").write_text(json.dumps(document), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read ``model.json``."""
        return cls(**json.loads((folder / "model.json").read_text(encoding="utf-8")))
