"""A logistic regression on numbers and one column of groups; replace it by your own model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROW_ID = "row_id"
COLUMNS = ["months", "monthly_fee_eur", "complaints", "contract"]
TARGET = "left"
"""1: the customer left; 0: stayed."""
SLICE = "contract"
"""Metrics are reported for each of its values as well."""
NUMBERS = 3
"""So many of the first columns are numbers, the next one is a group."""
STEPS = 25
"""Newton's method is at its end long before."""


class Model:
    """What is saved, loaded and asked for predictions."""

    def __init__(
        self, groups: list[str], weights: Sequence[float], means: Sequence[float], scales: Sequence[float]
    ) -> None:
        """Take the groups that were seen, the weights, and how numbers are brought to a common scale."""
        self.groups, self.weights = groups, np.asarray(weights, dtype=float)
        self.means, self.scales = np.asarray(means, dtype=float), np.asarray(scales, dtype=float)

    @classmethod
    def fit(cls, rows: Sequence[Sequence[Any]], targets: Sequence[float], *, penalty: float) -> Model:
        """Newton's method; ``penalty`` (0 or more) pulls all weights but the intercept to 0."""
        numbers = np.array([[float(value) for value in row[:NUMBERS]] for row in rows])
        scales = numbers.std(axis=0)
        groups = sorted({str(row[NUMBERS]) for row in rows})
        model = cls(groups, [], numbers.mean(axis=0), np.where(scales > 0, scales, 1.0))
        design, wanted = model.design(rows), np.asarray(targets, dtype=float)
        shrink = np.full(design.shape[1], penalty)
        shrink[0] = 1e-9
        model.weights = np.zeros(design.shape[1])
        for _ in range(STEPS):
            chances = sigmoid(design @ model.weights)
            slope = design.T @ (wanted - chances) - shrink * model.weights
            curve = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(shrink)
            model.weights = model.weights + np.linalg.solve(curve, slope)
        return model

    def predict(self, rows: Sequence[Sequence[Any]]) -> list[float]:
        """One probability per row; a group that was never seen counts as none."""
        predictions: list[float] = sigmoid(self.design(rows) @ self.weights).tolist()
        return predictions

    def design(self, rows: Sequence[Sequence[Any]]) -> np.ndarray:
        """Shape (rows, 1 + NUMBERS + groups)."""
        numbers = np.array([[float(value) for value in row[:NUMBERS]] for row in rows])
        groups = np.array(
            [[str(row[NUMBERS]) == group for group in self.groups] for row in rows], dtype=float
        )
        return np.hstack([np.ones((len(rows), 1)), (numbers - self.means) / self.scales, groups])

    def save(self, folder: Path) -> None:
        """Write ``model.json``."""
        document = {
            "groups": self.groups,
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
        }
        (folder / "model.json").write_text(json.dumps(document), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read ``model.json``."""
        return cls(**json.loads((folder / "model.json").read_text(encoding="utf-8")))


def sigmoid(values: np.ndarray) -> np.ndarray:
    """From log odds to probabilities."""
    return 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))
