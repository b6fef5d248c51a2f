from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.model_quality import model_quality


def a_report(task: str, plots: Any) -> Any:
    return {
        "challenger": {"metrics": {"auc": 0.8, "f1_weighted": 0.7}},
        "rows": {"task": task, "plots": plots},
    }


def a_plot(kind: str, points: Any, side: str = "challenger", **more: Any) -> Any:
    return {"kind": kind, "series": [{"side": side, "points": points}], **more}


class TestModelQuality:
    def test_curves_and_matrix_of_a_binary_model(self) -> None:
        """As SageMaker's own quality jobs write them; the champion's are not the package's."""
        plots = [
            a_plot("roc", [[0, 0], [0.5, 1]]),
            a_plot("precision-recall", [[0.5, 0.9], [1, 0.3]]),
            a_plot("confusion", [[5, 1], [2, 7]], classes=["0", "1"]),
            a_plot("confusion", [[9, 9], [9, 9]], side="champion", classes=["0", "1"]),
        ]

        quality = model_quality(a_report("binary", plots))["binary_classification_metrics"]

        assert quality["auc"] == {"value": 0.8, "standard_deviation": "NaN"}
        assert quality["receiver_operating_characteristic_curve"] == {
            "false_positive_rates": [0, 0.5],
            "true_positive_rates": [0, 1],
        }
        assert quality["precision_recall_curve"]["recalls"] == [0.5, 1]
        assert quality["confusion_matrix"] == {"0": {"0": 5, "1": 1}, "1": {"0": 2, "1": 7}}

    def test_names_are_studio_s(self) -> None:
        """The weighted F1 of several classes has another name there."""
        assert "weighted_f1" in model_quality(a_report("multiclass", []))["multiclass_classification_metrics"]

    @pytest.mark.parametrize(
        "report", [{}, {"challenger": {"metrics": {"ndcg": 0.4}}, "rows": {"task": "ranking"}}]
    )
    def test_other_tasks_have_their_metrics_alone(self, report: Any) -> None:
        """Studio shows no table of them, and nothing is pretended."""
        assert list(model_quality(report)) == ["metrics"]
