"""Fits gradient-boosted trees, and folds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder
from slipway_container import hyperparameters, paths

from flight_delays import dataset
from flight_delays.columns import CATEGORIES, NUMBERS
from flight_delays.features import features
from flight_delays.forest import LEAF
from flight_delays.metrics import classification_metrics
from flight_delays.scorer import Scorer

if TYPE_CHECKING:
    from flight_delays.dataset import Flights

SEED = 0
METRICS_STEP = 5
"""Training metrics are for the log: every fifth row tells enough."""


def main() -> None:
    """Train on the channel ``train`` and write the folded model."""
    flights = dataset.read(paths.training_channel("train"))
    settings = hyperparameters.read()
    pipeline = fit(
        flights,
        learning_rate=float(settings.get("learning_rate", 0.15)),
        iterations=int(settings.get("iterations", 60)),
        leaves=int(settings.get("leaves", 15)),
        min_leaf_rows=int(settings.get("min_leaf_rows", 50)),
    )
    scorer = Scorer(fold(pipeline, threshold=float(settings.get("threshold", 0.3))))
    some = slice(None, None, METRICS_STEP)
    metrics = classification_metrics(flights.late[some], scorer.predict(flights.rows[some]), scorer.threshold)
    print(f"trained on {len(flights.rows)} flights")
    print(" ".join(f"train {name}={value:.4f}" for name, value in metrics.items()))
    scorer.save(paths.model())


def design(rows: list[list[str]]) -> np.ndarray:
    """What the pipeline takes: an object matrix of shape (rows, NUMBERS + CATEGORIES)."""
    return np.array([[*numbers, *categories] for numbers, categories in map(features, rows)], dtype=object)


def fit(
    flights: Flights, *, learning_rate: float, iterations: int, leaves: int, min_leaf_rows: int
) -> Pipeline:
    """The fitted scikit-learn pipeline; each category is coded as its share of late flights."""
    columns = ColumnTransformer(
        [
            ("numbers", "passthrough", slice(0, len(NUMBERS))),
            (
                "categories",
                TargetEncoder(target_type="binary", cv=StratifiedKFold(5, shuffle=True, random_state=SEED)),
                slice(len(NUMBERS), len(NUMBERS) + len(CATEGORIES)),
            ),
        ]
    )
    trees = HistGradientBoostingClassifier(
        learning_rate=learning_rate,
        max_iter=iterations,
        max_leaf_nodes=leaves,
        min_samples_leaf=min_leaf_rows,
        early_stopping=False,
        random_state=SEED,
    )
    return Pipeline([("columns", columns), ("trees", trees)]).fit(design(flights.rows), flights.late)


def fold(pipeline: Pipeline, *, threshold: float) -> dict[str, Any]:
    """The scorer's document for a fitted pipeline."""
    encoder, trees = pipeline["columns"].named_transformers_["categories"], pipeline["trees"]
    tables = [
        {
            "category": name,
            "shares": dict(zip(map(str, values), shares.tolist(), strict=True)),
            "default": float(encoder.target_mean_),
        }
        for name, values, shares in zip(CATEGORIES, encoder.categories_, encoder.encodings_, strict=True)
    ]
    # scikit-learn gives no public access to these trees; a test compares the predictions.
    predictors = [predictor.nodes for (predictor,) in trees._predictors]  # noqa: SLF001 - see above
    return {
        "numbers": list(NUMBERS),
        "threshold": threshold,
        "baseline": float(trees._baseline_prediction.item()),  # noqa: SLF001 - see above
        "categories": tables,
        "trees": _fold_trees(predictors),
    }


def _fold_trees(predictors: list[np.ndarray]) -> dict[str, list[Any]]:
    roots = np.cumsum([0, *(len(nodes) for nodes in predictors[:-1])])
    nodes = np.concatenate(predictors)
    offsets = np.repeat(roots, [len(tree) for tree in predictors])
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "roots": roots.tolist(),
        "feature": np.where(leaf, LEAF, nodes["feature_idx"]).tolist(),
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]).tolist(),
        "left": np.where(leaf, 0, nodes["left"] + offsets).tolist(),
        "right": np.where(leaf, 0, nodes["right"] + offsets).tolist(),
        "missing_left": nodes["missing_go_to_left"].astype(bool).tolist(),
        "value": np.where(leaf, nodes["value"], 0.0).tolist(),
    }
