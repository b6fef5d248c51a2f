"""What a version's record is compared with when it is made again."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.artifacts import FakeArtifacts
from tests.fakes.models import a_version
from tests.fakes.storage import FakeReports
from workbench.reproduction import recorded_outcome


def recorded(evidence: dict[str, Any]) -> Any:
    """The outcome of a version with two metrics and this evidence."""
    version: Any = a_version("1.0.0", metrics={"auc": 0.91, "calibration": 0.02})
    reports = FakeReports()
    reports.files[version["report_uri"]] = json.dumps(evidence)
    return recorded_outcome(version, artifacts=FakeArtifacts(), reports=reports)


class TestRecordedEvaluation:
    def test_image_s_own_words_are_compared_with_its_own_words(self) -> None:
        """
        A version's metrics are the platform's where a task is named; made again, the image alone says them.
        """
        assert recorded({"rows": {"reported": {"auc": 0.9}}}).evaluation == {"auc": 0.9}

    def test_without_a_task_the_metrics_are_the_image_s(self) -> None:
        """
        Nothing was computed from rows; older evidence has no such section either.
        """
        assert recorded({"training_metrics": {"loss": 0.5}}).evaluation == {"auc": 0.91, "calibration": 0.02}
