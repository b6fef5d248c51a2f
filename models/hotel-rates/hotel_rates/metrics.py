"""How far predictions lie from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def regression_metrics(labels: Sequence[float], predictions: Sequence[float]) -> dict[str, float]:
    """
    ``mae`` and ``rmse`` in the labels' unit, and ``r2`` (1 is perfect, 0 is the mean of the labels).

    >>> regression_metrics([1.0, 3.0], [1.0, 2.0])
    {'mae': 0.5, 'rmse': 0.7071067811865476, 'r2': 0.5}
    """
    truth = np.asarray(labels, dtype=float)
    errors = np.asarray(predictions, dtype=float) - truth
    spread = float(np.sum((truth - truth.mean()) ** 2))
    return {
        "mae": float(np.mean(np.abs(errors))),
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "r2": 1.0 - float(np.sum(errors**2)) / spread if spread else 0.0,
    }
