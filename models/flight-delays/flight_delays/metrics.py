"""How good probabilities are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEVER_CERTAIN = 1e-15


def classification_metrics(
    labels: Sequence[int], scores: Sequence[float], threshold: float
) -> dict[str, float]:
    """
    ``auc``, ``log_loss`` (nats), and ``f1`` and ``accuracy`` at a threshold; labels are 0 and 1.

    With only one class among the labels there is no AUC: the key stays away.

    >>> classification_metrics([0, 1, 1], [0.2, 0.4, 0.9], 0.5)["auc"]
    1.0
    """
    truth, probabilities = np.asarray(labels), np.clip(scores, _NEVER_CERTAIN, 1 - _NEVER_CERTAIN)
    metrics: dict[str, float] = {}
    if 0 < truth.sum() < len(truth):
        metrics["auc"] = area_under_curve(truth, probabilities)
    chosen = np.where(truth == 1, probabilities, 1 - probabilities)
    (true_negative, false_positive), (false_negative, true_positive) = confusion(labels, scores, threshold)
    wrong = false_positive + false_negative
    metrics["log_loss"] = float(-np.mean(np.log(chosen)))
    metrics["f1"] = 2 * true_positive / (2 * true_positive + wrong) if true_positive else 0.0
    metrics["accuracy"] = (true_positive + true_negative) / len(truth)
    return metrics


def area_under_curve(truth: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs of a positive and a negative row that the scores order rightly; ties count half."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[places]  # the mean rank of equal scores
    positives = int(truth.sum())
    pairs = positives * (len(truth) - positives)
    return float((ranks[truth == 1].sum() - positives * (positives + 1) / 2) / pairs)


def roc_curve(labels: Sequence[int], scores: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """False positive and true positive rates at every threshold, from (0, 0) to (1, 1)."""
    truth, order = np.asarray(labels), np.argsort(scores)[::-1]
    hits = np.concatenate([[0], np.cumsum(truth[order])])
    misses = np.concatenate([[0], np.cumsum(1 - truth[order])])
    return misses / max(1, misses[-1]), hits / max(1, hits[-1])


def confusion(
    labels: Sequence[int], scores: Sequence[float], threshold: float
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Counts by actual, then by predicted class."""
    truth, called = np.asarray(labels) == 1, np.asarray(scores) >= threshold
    return (
        (int(np.sum(~truth & ~called)), int(np.sum(~truth & called))),
        (int(np.sum(truth & ~called)), int(np.sum(truth & called))),
    )
