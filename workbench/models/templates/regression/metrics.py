"""What the model is measured by; the names are those of ``[evaluation.metrics]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from slipway_container.charts import RED, Axis, Chart

if TYPE_CHECKING:
    from collections.abc import Sequence

PREDICTION = "prediction"
"""The column of predictions.csv."""


def measure(targets: Sequence[float], predictions: Sequence[float]) -> dict[str, float]:
    """Mean absolute error in the target's unit, and the share of variance explained (1 is perfect)."""
    actual, predicted = np.asarray(targets), np.asarray(predictions)
    squares = float(np.sum((actual - actual.mean()) ** 2))
    return {
        "mae": float(np.mean(np.abs(actual - predicted))),
        "r2": 1.0 - float(np.sum((actual - predicted) ** 2)) / squares if squares else 0.0,
    }


def drawings(targets: Sequence[float], predictions: Sequence[float]) -> dict[str, str]:
    """SVG texts by file name, for the approval page."""
    high = float(max(*targets, *predictions))
    chart = Chart("Predicted against actual", Axis("actual", 0, high), Axis("predicted", 0, high))
    chart.density(targets, predictions)
    chart.line([0, high], [0, high], color=RED, dashed=True)
    return {"predicted-vs-actual.svg": chart.svg()}
