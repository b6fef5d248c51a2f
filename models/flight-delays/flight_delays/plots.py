"""The ROC curve and the confusion matrix."""

from __future__ import annotations

import numpy as np
from slipway_container.charts import RED, Axis, Chart, confusion_matrix

from flight_delays.metrics import area_under_curve, confusion, roc_curve

CURVE_POINTS = 200


def drawings(late: list[int], scores: list[float], threshold: float) -> dict[str, str]:
    """SVG texts by file name."""
    title = f"Flights called late from {threshold:.0%} probability on"
    return {
        "roc.svg": roc(late, scores),
        "confusion-matrix.svg": confusion_matrix(
            title, ("on time", "late"), confusion(late, scores, threshold)
        ),
    }


def roc(late: list[int], scores: list[float]) -> str:
    """The further above the diagonal, the better late flights are told from the others."""
    false_rates, true_rates = roc_curve(late, scores)
    places = np.linspace(0, len(false_rates) - 1, CURVE_POINTS).astype(int)
    chart = Chart(
        "ROC curve", Axis("on-time flights called late", 0, 1), Axis("late flights called late", 0, 1)
    )
    chart.line([0, 1], [0, 1], color=RED, dashed=True)
    chart.line(false_rates[places].tolist(), true_rates[places].tolist())
    chart.note(f"AUC {area_under_curve(np.asarray(late), np.asarray(scores)):.4f}, {len(late):,} flights")
    return chart.svg()
