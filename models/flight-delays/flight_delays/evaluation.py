"""Measures the folded model, exactly as it is served, on the frozen holdout."""

from __future__ import annotations

import csv
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from slipway_container import charts, paths

from flight_delays import dataset
from flight_delays.columns import COLUMNS
from flight_delays.metrics import classification_metrics
from flight_delays.plots import drawings
from flight_delays.scorer import Scorer

SLICES = ("month", "origin", "carrier")
MIN_SLICE_ROWS = 100
"""Below so many rows a slice's metrics are noise."""


def main() -> None:
    """Evaluate on the channel ``holdout``; write report, predictions and plots."""
    began = time.perf_counter()
    flights = dataset.read(paths.evaluation_channel("holdout"))
    with tempfile.TemporaryDirectory() as folder:
        scorer = Scorer.load(paths.evaluation_model(Path(folder)))
    scores = scorer.predict(flights.rows)
    columns = {name: slice_values(flights.rows, name) for name in SLICES}
    output = paths.evaluation_output()
    output.mkdir(parents=True, exist_ok=True)
    with (output / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row_id", "label", "score", *SLICES])
        texts = (f"{score:.9f}" for score in scores)
        writer.writerows(zip(flights.ids, flights.late, texts, *columns.values(), strict=True))
    report = {
        "metrics": classification_metrics(flights.late, scores, scorer.threshold),
        "rows": len(flights.rows),
        "slices": {
            name: by_slice(values, flights.late, scores, scorer.threshold) for name, values in columns.items()
        },
        "plots": charts.write(output / "plots", drawings(flights.late, scores, scorer.threshold)),
        "seconds": round(time.perf_counter() - began, 3),
    }
    (output / "evaluation.json").write_text(json.dumps(report, indent=1, allow_nan=False), encoding="utf-8")
    print(" ".join(f"{name}={value:.4f}" for name, value in report["metrics"].items()))


def slice_values(rows: list[list[str]], name: str) -> list[str]:
    """The value of a slice's column in each row."""
    if name == "month":
        return [row[0][:7] for row in rows]
    place = COLUMNS.index(name)
    return [row[place] for row in rows]


def by_slice(
    values: list[str], late: list[int], scores: list[float], threshold: float
) -> dict[str, dict[str, float]]:
    """The metrics and number of rows of each of a column's values."""
    column, truth, probabilities = np.asarray(values), np.asarray(late), np.asarray(scores)
    metrics = {}
    for value in sorted(set(values)):
        chosen = column == value
        if chosen.sum() >= MIN_SLICE_ROWS:
            measured = classification_metrics(truth[chosen], probabilities[chosen], threshold)
            metrics[value] = {**measured, "rows": int(chosen.sum())}
    return metrics
