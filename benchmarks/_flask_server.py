"""
The peer: a sample model's scikit-learn pipeline behind Flask, as the tutorials write it.

    SLIPWAY_PEER_MODULE=hotel_rates.training SLIPWAY_PEER_PIPELINE=FILE gunicorn benchmarks._flask_server:app

``python -m benchmarks._flask_server MODULE DATA_DIR FILE`` trains that pipeline. It has the same features and
estimator as the sample model, so that it predicts the same.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from flask import Flask, Response, jsonify, request

HYPERPARAMETERS: dict[str, dict[str, Any]] = {
    "hotel_rates.training": {"epsilon": 1.35, "alpha": 1.0, "min_frequency": 20},
    "flight_delays.training": {"learning_rate": 0.15, "iterations": 60, "leaves": 15, "min_leaf_rows": 50},
}


def create(module: str, file: str) -> Flask:
    """The application around a stored pipeline."""
    design = importlib.import_module(module).design
    pipeline = joblib.load(file)
    flask = Flask(__name__)

    def predict(rows: list[list[Any]]) -> list[float]:
        matrix = design(rows)
        if hasattr(pipeline, "predict_proba"):
            return list(pipeline.predict_proba(matrix)[:, 1].tolist())
        return list(np.exp(pipeline.predict(matrix)).tolist())

    @flask.get("/ping")
    def ping() -> str:
        return ""

    @flask.post("/invocations")
    def invocations() -> Response:
        if request.mimetype == "text/csv":
            frame = pd.read_csv(io.StringIO(request.get_data(as_text=True)), header=None)
            rows = frame.to_numpy(dtype=object).tolist()
            return Response("".join(f"{value}\n" for value in predict(rows)), mimetype="text/csv")
        return jsonify(predictions=predict(request.get_json()["instances"]))

    return flask


def train(module: str, data: str, file: str) -> None:
    """Fit the pipeline of a sample model and store it."""
    training = importlib.import_module(module)
    rows = importlib.import_module(module.replace("training", "dataset")).read(Path(data))
    joblib.dump(training.fit(rows, **HYPERPARAMETERS[module]), file)


if __name__ == "__main__":
    train(*sys.argv[1:])
else:
    app = create(os.environ["SLIPWAY_PEER_MODULE"], os.environ["SLIPWAY_PEER_PIPELINE"])
