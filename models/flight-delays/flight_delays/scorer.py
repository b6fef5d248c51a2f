"""The trained model without scikit-learn: tables for the categories, compiled trees, a logistic curve."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from flight_delays.columns import COLUMNS
from flight_delays.features import features
from flight_delays.forest import Forest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "model.json"


class Scorer:
    """
    The probability that a flight is late.

    The document holds ``baseline`` (log odds), ``trees`` (see Forest), ``categories`` (one table per
    category: ``shares`` of late flights by value, ``default`` for unknown ones) and ``threshold``, from which
    on a flight counts as late.
    """

    columns = COLUMNS

    def __init__(self, document: dict[str, Any]) -> None:
        """Take the model's document."""
        self.document = document
        self.threshold: float = document["threshold"]
        self._baseline: float = document["baseline"]
        self._tables = [(table["shares"].get, table["default"]) for table in document["categories"]]
        self._forest = Forest(document["trees"])

    def predict(self, rows: Sequence[Sequence[object]]) -> list[float]:
        """One probability per row; a row's values stand in the order of ``columns``."""
        score, baseline = self._forest.score, self._baseline
        return [_probability(baseline + score(self.inputs(row))) for row in rows]

    def inputs(self, row: Sequence[object]) -> list[float]:
        """What the trees see of a row."""
        numbers, categories = features(row)
        for (look_up, default), category in zip(self._tables, categories, strict=True):
            numbers.append(look_up(category, default))
        return numbers

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Read the model that ``train`` wrote."""
        return cls(json.loads((folder / FILE).read_text(encoding="utf-8")))

    def save(self, folder: Path) -> None:
        """Write the model for ``evaluate`` and ``serve``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(self.document), encoding="utf-8")


def _probability(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    odds = math.exp(score)  # no overflow, however low the score
    return odds / (1.0 + odds)
