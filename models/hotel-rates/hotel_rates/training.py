"""Fits a robust linear model of the logarithm of the rate, and folds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import HuberRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from slipway_container import hyperparameters, paths

from hotel_rates import dataset
from hotel_rates.columns import GROUPS, NUMBERS
from hotel_rates.features import features
from hotel_rates.metrics import regression_metrics
from hotel_rates.scorer import Scorer

if TYPE_CHECKING:
    from hotel_rates.dataset import Bookings

MAX_ITERATIONS = 1000


def main() -> None:
    """Train on the channel ``train`` and write the folded model."""
    bookings = dataset.read(paths.training_channel("train"))
    settings = hyperparameters.read()
    pipeline = fit(
        bookings,
        epsilon=float(settings.get("epsilon", 1.35)),
        alpha=float(settings.get("alpha", 1.0)),
        min_frequency=int(settings.get("min_frequency", 20)),
    )
    scorer = Scorer(fold(pipeline))
    metrics = regression_metrics(bookings.rates, scorer.predict(bookings.rows))
    print(f"trained on {len(bookings.rows)} bookings")
    print(" ".join(f"train {name}={value:.4f}" for name, value in metrics.items()))
    scorer.save(paths.model())


def design(rows: list[list[str]]) -> np.ndarray:
    """What the pipeline takes: an object matrix of shape (rows, NUMBERS + GROUPS)."""
    return np.array([[*numbers, *groups] for numbers, groups in map(features, rows)], dtype=object)


def fit(bookings: Bookings, *, epsilon: float, alpha: float, min_frequency: int) -> Pipeline:
    """The fitted scikit-learn pipeline; it predicts the logarithm of the rate."""
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), slice(0, len(NUMBERS))),
            (
                "groups",
                OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=min_frequency),
                slice(len(NUMBERS), len(NUMBERS) + len(GROUPS)),
            ),
        ]
    )
    regressor = HuberRegressor(epsilon=epsilon, alpha=alpha, max_iter=MAX_ITERATIONS)
    pipeline = Pipeline([("columns", columns), ("regressor", regressor)])
    return pipeline.fit(design(bookings.rows), np.log(bookings.rates))


def fold(pipeline: Pipeline) -> dict[str, Any]:
    """The scorer's document for a fitted pipeline: scaling and one-hot coding become plain weights."""
    columns, regressor = pipeline["columns"], pipeline["regressor"]
    scaler, encoder = columns.named_transformers_["numbers"], columns.named_transformers_["groups"]
    weights = regressor.coef_[: len(NUMBERS)] / scaler.scale_
    intercept = regressor.intercept_ - float(weights @ scaler.mean_)
    tables = []
    place = len(NUMBERS)
    for values, infrequent in zip(encoder.categories_, encoder.infrequent_categories_, strict=True):
        rare = set() if infrequent is None else set(infrequent)
        frequent = [str(value) for value in values if value not in rare]
        coefficients = regressor.coef_[place : place + len(frequent)].tolist()
        place += len(frequent)
        default = 0.0  # without rare values in training, an unknown one is coded as zeros
        if rare:
            default = float(regressor.coef_[place])
            place += 1
        tables.append({"weights": dict(zip(frequent, coefficients, strict=True)), "default": default})
    return {
        "numbers": list(NUMBERS),
        "intercept": float(intercept),
        "weights": weights.tolist(),
        "categories": [{"group": group, **table} for group, table in zip(GROUPS, tables, strict=True)],
    }
