"""The plain way to every metric: repeat each row as often as it was drawn, then ask scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics as sk

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.domain.judging.rows import Side

Arrays = dict[str, Any]


def ece(a: Arrays, bins: int) -> float:
    """Bin by bin, as the definition has it."""
    total, error = a["weight"].sum(), 0.0
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        mine = (a["score"] >= low) & ((a["score"] < high) | (index == bins - 1))
        weight = a["weight"][mine].sum()
        if weight:
            true = np.average(a["label"][mine], weights=a["weight"][mine])
            said = np.average(a["score"][mine], weights=a["weight"][mine])
            error += weight / total * abs(true - said)
    return error


def f1(average: str) -> Callable[[Arrays], float]:
    """Of the classes that occur."""
    return lambda a: sk.f1_score(
        a["label"], a["prediction"], average=average, sample_weight=a["weight"], zero_division=0
    )


def ndcg(cutoff: int | None) -> Callable[[Arrays], float]:
    """Query by query."""

    def mean(a: Arrays) -> float:
        values, weights = [], []
        for group in np.unique(a["group"]):
            mine = a["group"] == group
            label, score = a["label"][mine], a["score"][mine]
            # scikit-learn wants at least two documents; a lone relevant one is in its best order
            alone = float(label[0] > 0)
            values.append(alone if mine.sum() == 1 else sk.ndcg_score([label], [score], k=cutoff))
            weights.append(a["weight"][mine].mean())
        return float(np.average(values, weights=weights))

    return mean


def at(threshold: float, of: Callable[..., float]) -> Callable[[Arrays], float]:
    """A metric of what is said at a threshold."""
    return lambda a: of(a["label"], a["score"] >= threshold, sample_weight=a["weight"])


def plain(of: Callable[..., float], column: str = "prediction", **options: Any) -> Callable[[Arrays], float]:
    return lambda a: of(a["label"], a[column], sample_weight=a["weight"], **options)


REGRESSION = {
    "mae": plain(sk.mean_absolute_error),
    "rmse": plain(sk.root_mean_squared_error),
    "mape": plain(sk.mean_absolute_percentage_error),
    "r2": plain(sk.r2_score),
    "pinball(0.9)": plain(sk.mean_pinball_loss, alpha=0.9),
}
BINARY = {
    "auc": plain(sk.roc_auc_score, "score"),
    "average_precision": plain(sk.average_precision_score, "score"),
    "log_loss": plain(sk.log_loss, "score", labels=[0, 1]),
    "brier": plain(sk.brier_score_loss, "score", labels=[0, 1]),
    "f1": at(0.5, sk.f1_score),
    "f1(0.3)": at(0.3, sk.f1_score),
    "precision(0.3)": at(0.3, sk.precision_score),
    "recall": at(0.5, sk.recall_score),
    "accuracy": at(0.5, sk.accuracy_score),
    "ece": lambda a: ece(a, 10),
    "ece(4)": lambda a: ece(a, 4),
}
MULTICLASS = {
    "accuracy": plain(sk.accuracy_score),
    "f1_macro": f1("macro"),
    "f1_weighted": f1("weighted"),
    "log_loss": lambda a: sk.log_loss(
        a["label"], a["class_scores"], sample_weight=a["weight"], labels=range(a["class_scores"].shape[1])
    ),
}
RANKING = {"ndcg": ndcg(None), "ndcg@3": ndcg(3), "ndcg@10": ndcg(10)}
ALL = {"regression": REGRESSION, "binary": BINARY, "multiclass": MULTICLASS, "ranking": RANKING}


def repeated(side: Side, counts: Any) -> Arrays:
    """A side's columns with every row as often as it was drawn."""
    columns = {
        name: getattr(side, name) for name in ("label", "prediction", "score", "class_scores", "group")
    }
    columns["weight"] = side.weights
    return {name: np.repeat(values, counts, axis=0) for name, values in columns.items() if values is not None}
