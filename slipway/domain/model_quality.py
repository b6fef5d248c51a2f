"""The challenger's metrics in the form in which SageMaker Studio shows those of a model package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.shapes import listed, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS: Final[Mapping[str, str]] = {
    "regression": "regression_metrics",
    "binary": "binary_classification_metrics",
    "multiclass": "multiclass_classification_metrics",
}
_NAMES: Final[Mapping[str, str]] = {"f1_weighted": "weighted_f1", "average_precision": "au_prc"}
"""Where Studio calls a metric otherwise."""
_UNKNOWN: Final = "NaN"
"""As SageMaker's own jobs write a deviation that nobody computed."""


def model_quality(report: Mapping[str, Any]) -> dict[str, Any]:
    """
    ``ModelMetrics.ModelQuality.Statistics`` of a package.

    A task that SageMaker has no section for, and a model without one, has ``metrics`` alone.

    >>> report = {"challenger": {"metrics": {"mae": 31.2}}, "rows": {"task": "regression"}}
    >>> model_quality(report)
    {'regression_metrics': {'mae': {'value': 31.2, 'standard_deviation': 'NaN'}}}
    """
    metrics = mapping(mapping(report.get("challenger")).get("metrics"))
    valued: dict[str, Any] = {
        _NAMES.get(name, name): {"value": value, "standard_deviation": _UNKNOWN}
        for name, value in sorted(metrics.items())
    }
    rows = mapping(report.get("rows"))
    section = _SECTIONS.get(str(rows.get("task")))
    if section is None:
        return {"metrics": valued}
    curves = {
        str(plot["kind"]): series["points"]
        for plot in listed(rows.get("plots"))
        for series in plot["series"]
        if series["side"] == "challenger"
    }
    if "roc" in curves:
        valued["receiver_operating_characteristic_curve"] = {
            "false_positive_rates": [point[0] for point in curves["roc"]],
            "true_positive_rates": [point[1] for point in curves["roc"]],
        }
    if "precision-recall" in curves:
        valued["precision_recall_curve"] = {
            "precisions": [point[1] for point in curves["precision-recall"]],
            "recalls": [point[0] for point in curves["precision-recall"]],
        }
    if "confusion" in curves:
        valued["confusion_matrix"] = _confusion(rows, curves["confusion"])
    return {section: valued}


def _confusion(rows: Mapping[str, Any], counts: list[list[float]]) -> dict[str, dict[str, float]]:
    """Label to prediction to how many rows."""
    plot = next(one for one in listed(rows.get("plots")) if one["kind"] == "confusion")
    classes = [str(name) for name in plot.get("classes", range(len(counts)))]
    return {label: dict(zip(classes, row, strict=True)) for label, row in zip(classes, counts, strict=True)}
