"""The metrics are what everybody calls by these names."""

from __future__ import annotations

import random

import numpy as np
from flight_delays.metrics import classification_metrics, confusion, roc_curve
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, roc_auc_score

THRESHOLD = 0.3


def judged(seed: int) -> tuple[list[int], list[float]]:
    """Labels and scores, with ties among the scores."""
    chance = random.Random(seed)
    labels = [int(chance.random() < 0.25) for _ in range(500)]
    return labels, [round(min(1, max(0, 0.25 * label + chance.uniform(0, 0.6))), 2) for label in labels]


class TestClassificationMetrics:
    def test_agree_with_scikit_learn(self) -> None:
        """
        AUC, log loss, F1 and accuracy are those of scikit-learn, also where scores are equal.
        """
        labels, scores = judged(1)
        called = [int(score >= THRESHOLD) for score in scores]

        np.testing.assert_allclose(
            list(classification_metrics(labels, scores, THRESHOLD).values()),
            [
                roc_auc_score(labels, scores),
                log_loss(labels, scores),
                f1_score(labels, called),
                accuracy_score(labels, called),
            ],
        )

    def test_one_class_has_no_auc(self) -> None:
        """
        A slice in which nothing was late says nothing of the order of scores.
        """
        assert "auc" not in classification_metrics([0, 0], [0.1, 0.2], THRESHOLD)

    def test_confusion_agrees_with_scikit_learn(self) -> None:
        """
        Rows are what was, columns what was called.
        """
        labels, scores = judged(2)

        expected = confusion_matrix(labels, [int(score >= THRESHOLD) for score in scores])
        np.testing.assert_array_equal(confusion(labels, scores, THRESHOLD), expected)

    def test_roc_curve_leads_from_nothing_to_everything(self) -> None:
        """
        The curve begins at (0, 0), ends at (1, 1) and never falls.
        """
        false_rates, true_rates = roc_curve(*judged(3))

        assert (false_rates[0], true_rates[0], false_rates[-1], true_rates[-1]) == (0, 0, 1, 1)
        assert (np.diff(true_rates) >= 0).all()
