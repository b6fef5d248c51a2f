"""Measures the folded model, exactly as it is served, on the frozen holdout."""

from __future__ import annotations

import csv
import json
import tempfile
import time
from pathlib import Path

from slipway_container import charts, paths

from hotel_rates import dataset
from hotel_rates.columns import COLUMNS
from hotel_rates.metrics import regression_metrics
from hotel_rates.plots import drawings
from hotel_rates.scorer import Scorer

SLICES = ("arrival_month", "market_segment", "customer_type")
MIN_SLICE_ROWS = 30
"""Below so many rows a slice's metrics are noise."""


def main() -> None:
    """Evaluate on the channel ``holdout``; write report, predictions and plots."""
    began = time.perf_counter()
    bookings = dataset.read(paths.evaluation_channel("holdout"))
    with tempfile.TemporaryDirectory() as folder:
        scorer = Scorer.load(paths.evaluation_model(Path(folder)))
    predictions = scorer.predict(bookings.rows)
    columns = {name: slice_values(bookings.rows, name) for name in SLICES}
    output = paths.evaluation_output()
    output.mkdir(parents=True, exist_ok=True)
    with (output / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row_id", "label", "prediction", *SLICES])
        writer.writerows(zip(bookings.ids, bookings.rates, predictions, *columns.values(), strict=True))
    report = {
        "metrics": regression_metrics(bookings.rates, predictions),
        "rows": len(bookings.rows),
        "slices": {name: by_slice(values, bookings.rates, predictions) for name, values in columns.items()},
        "plots": charts.write(output / "plots", drawings(bookings.rates, predictions)),
        "seconds": round(time.perf_counter() - began, 3),
    }
    (output / "evaluation.json").write_text(json.dumps(report, indent=1, allow_nan=False), encoding="utf-8")
    print(" ".join(f"{name}={value:.4f}" for name, value in report["metrics"].items()))


def slice_values(rows: list[list[str]], name: str) -> list[str]:
    """The value of a slice's column in each row."""
    if name == "arrival_month":
        place = COLUMNS.index("arrival_date")
        return [row[place][:7] for row in rows]
    place = COLUMNS.index(name)
    return [row[place] for row in rows]


def by_slice(values: list[str], labels: list[float], predictions: list[float]) -> dict[str, dict[str, float]]:
    """The metrics and number of rows of each of a column's values."""
    metrics = {}
    for value in sorted(set(values)):
        places = [place for place, other in enumerate(values) if other == value]
        if len(places) >= MIN_SLICE_ROWS:
            measured = regression_metrics([labels[i] for i in places], [predictions[i] for i in places])
            metrics[value] = {**measured, "rows": len(places)}
    return metrics
