"""Predicted against actual rates, and how the errors are spread."""

from __future__ import annotations

import numpy as np
from slipway_container.charts import INK, RED, Axis, Chart

MAX_RATE = 350.0
"""EUR; the few bookings above stand at the edge."""
MAX_ERROR = 120.0


def drawings(rates: list[float], predictions: list[float]) -> dict[str, str]:
    """SVG texts by file name."""
    return {
        "predicted-vs-actual.svg": predicted_vs_actual(rates, predictions),
        "residuals.svg": residuals(rates, predictions),
    }


def predicted_vs_actual(rates: list[float], predictions: list[float]) -> str:
    """Where the points lie on the diagonal, the prediction was right."""
    chart = Chart(
        "Predicted against actual rate",
        Axis("actual rate (EUR)", 0, MAX_RATE),
        Axis("predicted rate (EUR)", 0, MAX_RATE),
    )
    chart.density(rates, predictions)
    chart.line([0, MAX_RATE], [0, MAX_RATE], color=RED, dashed=True)
    chart.note(f"{len(rates):,} bookings; darker: more of them")
    return chart.svg()


def residuals(rates: list[float], predictions: list[float]) -> str:
    """How often the prediction was so much too high or too low."""
    errors = np.clip(np.subtract(predictions, rates), -MAX_ERROR, MAX_ERROR)
    counts, edges = np.histogram(errors, bins=48, range=(-MAX_ERROR, MAX_ERROR))
    chart = Chart(
        "Residuals: predicted minus actual rate",
        Axis("residual (EUR)", -MAX_ERROR, MAX_ERROR),
        Axis("bookings", 0, float(counts.max()) * 1.1),
    )
    chart.bars(edges.tolist(), counts.tolist())
    chart.line([0, 0], [0, float(counts.max()) * 1.1], color=INK, dashed=True)
    mean, median = float(np.mean(errors)), float(np.median(errors))
    chart.note(f"mean {mean:+.1f} EUR, median {median:+.1f} EUR")
    return chart.svg()
