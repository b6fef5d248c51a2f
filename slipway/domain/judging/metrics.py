"""The metrics by their names, as manifests and gates write them: ``mae``, ``f1(0.3)``, ``ndcg@10``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from slipway.domain.judging import binary, multiclass, ranking, regression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slipway.domain.judging.metric import Metric
    from slipway.domain.judging.rows import Task

_PLAIN: Final[Mapping[Task, tuple[Metric, ...]]] = {
    "regression": (regression.MAE, regression.RMSE, regression.MAPE, regression.R2),
    "binary": (
        binary.AUC,
        binary.AVERAGE_PRECISION,
        binary.LOG_LOSS,
        binary.BRIER,
        binary.at_threshold("f1"),
        binary.at_threshold("precision"),
        binary.at_threshold("recall"),
        binary.at_threshold("accuracy"),
        binary.calibration_error(),
    ),
    "multiclass": (multiclass.ACCURACY, multiclass.F1_MACRO, multiclass.F1_WEIGHTED, multiclass.LOG_LOSS),
    "ranking": (ranking.ndcg(), ranking.ndcg(10)),
}
_NUMBERED: Final = re.compile(r"([a-z0-9_]+)(?:\(([0-9.]{1,12})\)|@([0-9]{1,6}))")
_MAX_BINS: Final = 1000


def metrics_of(task: Task) -> tuple[Metric, ...]:
    """The metrics that the platform computes for a kind of model without being asked."""
    return _PLAIN[task]


def metric_named(task: Task, name: str) -> Metric | None:
    """
    The metric of a name; None where the platform computes none of that name.

    >>> metric_named("binary", "f1(0.3)").name, metric_named("ranking", "ndcg@5").name
    ('f1(0.3)', 'ndcg@5')
    >>> metric_named("regression", "auc") is None
    True
    """
    plain = next((metric for metric in _PLAIN[task] if metric.name == name), None)
    if plain is not None:
        return plain
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return None
    base, number, cutoff = found.groups()
    if cutoff is not None:
        return ranking.ndcg(int(cutoff)) if (task, base) == ("ranking", "ndcg") and int(cutoff) else None
    return _with_number(task, base, number)


def _with_number(task: Task, base: str, text: str) -> Metric | None:
    try:
        number = float(text)
    except ValueError:
        return None
    families: Mapping[tuple[Task, str], Callable[[], Metric | None]] = {
        ("regression", "pinball"): lambda: regression.pinball(number) if 0 < number < 1 else None,
        ("binary", "ece"): lambda: (
            binary.calibration_error(int(number)) if number in range(1, _MAX_BINS + 1) else None
        ),
    }
    if task == "binary" and base in ("f1", "precision", "recall", "accuracy"):
        return binary.at_threshold(base, number) if 0 <= number <= 1 else None
    family = families.get((task, base))
    return family() if family else None
