"""The trained model folded into plain coefficients: no scikit-learn, no numpy, microseconds a row."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from hotel_rates.columns import COLUMNS
from hotel_rates.features import features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "model.json"


class Scorer:
    """
    ``exp(intercept + weights · numbers + one weight per category)``, in EUR.

    The document holds ``intercept``, ``weights`` (one per number) and ``categories`` (one table per group:
    ``weights`` by value, and ``default`` for every value that training has not or hardly seen).
    """

    columns = COLUMNS

    def __init__(self, document: dict[str, Any]) -> None:
        """Take the model's document."""
        self.document = document
        self._intercept: float = document["intercept"]
        self._weights: list[float] = document["weights"]
        self._tables = [(table["weights"].get, table["default"]) for table in document["categories"]]

    def predict(self, rows: Sequence[Sequence[object]]) -> list[float]:
        """One rate in EUR per row; a row's values stand in the order of ``columns``."""
        return [self._rate(row) for row in rows]

    def _rate(self, row: Sequence[object]) -> float:
        numbers, groups = features(row)
        score = self._intercept
        for weight, number in zip(self._weights, numbers, strict=True):
            score += weight * number
        for (look_up, default), group in zip(self._tables, groups, strict=True):
            score += look_up(group, default)
        return math.exp(score)

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Read the model that ``train`` wrote."""
        return cls(json.loads((folder / FILE).read_text(encoding="utf-8")))

    def save(self, folder: Path) -> None:
        """Write the model for ``evaluate`` and ``serve``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(self.document, indent=1), encoding="utf-8")
