"""What the model is measured by; the names are those of ``[evaluation.metrics]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from slipway_container.charts import confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

PREDICTION = "score"
"""The column of predictions.csv: a probability."""
CUT = 0.5
"""At or above it, a row counts as positive."""


def measure(targets: Sequence[float], predictions: Sequence[float]) -> dict[str, float]:
    """Area under the ROC curve (0.5 is guessing), F1 and accuracy at CUT."""
    actual, scores = np.asarray(targets) > CUT, np.asarray(predictions)
    guessed = scores >= CUT
    hits = int(np.sum(actual & guessed))
    wrong = int(np.sum(actual != guessed))
    return {
        "auc": area_under_curve(actual, scores),
        "f1": 2 * hits / (2 * hits + wrong) if hits + wrong else 0.0,
        "accuracy": 1.0 - wrong / len(actual),
    }


def area_under_curve(actual: np.ndarray, scores: np.ndarray) -> float:
    """The chance that a positive row scores above a negative one; ties count half. One class only: 0.5."""
    positive = int(actual.sum())
    negative = len(actual) - positive
    if not positive or not negative:
        return 0.5
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[actual].sum() - positive * (positive + 1) / 2) / (positive * negative))


def drawings(targets: Sequence[float], predictions: Sequence[float]) -> dict[str, str]:
    """SVG texts by file name, for the approval page."""
    counts = [[0, 0], [0, 0]]
    for actual, score in zip(targets, predictions, strict=True):
        counts[int(actual > CUT)][int(score >= CUT)] += 1
    (stayed, alarmed), (missed, found) = counts
    cells = ((stayed, alarmed), (missed, found))
    return {"confusion-matrix.svg": confusion_matrix("Confusion matrix", ("stays", "leaves"), cells)}
