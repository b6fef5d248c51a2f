"""The metrics are what everybody calls by these names."""

from __future__ import annotations

import random

import numpy as np
from hotel_rates.metrics import regression_metrics
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error


class TestRegressionMetrics:
    def test_agree_with_scikit_learn(self) -> None:
        """
        MAE, RMSE and R2 are those of scikit-learn.
        """
        chance = random.Random(1)
        labels = [chance.uniform(20, 400) for _ in range(300)]
        predictions = [label + chance.gauss(0, 20) for label in labels]
        metrics = regression_metrics(labels, predictions)

        np.testing.assert_allclose(
            list(metrics.values()),
            [
                mean_absolute_error(labels, predictions),
                root_mean_squared_error(labels, predictions),
                r2_score(labels, predictions),
            ],
        )
