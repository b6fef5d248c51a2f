from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from slipway.usecases.judge_release import judge_release
from tests.fakes.job_logs import FakeJobLogs
from tests.fakes.models import NOW, a_champion, a_document, a_plan
from tests.fakes.storage import FakeReports
from workbench.report_schema import FILE, schema, text

TASK = {
    "task": "regression",
    "min_slice_rows": 20,
    "metrics": {"mae": {"direction": "minimize", "unit": "EUR"}},
}


def written(challenger: str | None, *, champion: bool, **evaluation: Any) -> Any:
    """The report that the judge writes of these two sides."""
    reports = FakeReports()
    plan = a_plan(champion=a_champion() if champion else None, evaluation=evaluation)
    lines = ["row_id,label,prediction,city"]
    lines += [f"r{row},{row % 50},{row % 50 + row % 7 - 3},{'ab'[row % 2]}" for row in range(200)]
    for side in ("challenger", "champion"):
        prefix = f"{plan['artifact_prefix']}/evaluation/{side}"
        if challenger:
            reports.files[f"{prefix}/evaluation.json"] = challenger
        reports.files[f"{prefix}/predictions.csv"] = "\n".join(lines)
    logs = FakeJobLogs("validation mae=4")
    judge_release(a_document(plan, champion_run=champion), reports=reports, logs=logs, clock=lambda: NOW)
    return json.loads(next(text for uri, text in reports.files.items() if uri.endswith("/report.json")))


class TestSchema:
    def test_file_is_that_of_the_types(self) -> None:
        """``python -m workbench.report_schema`` was run after the types were changed."""
        assert FILE.read_text() == text()

    @pytest.mark.parametrize("champion", [True, False])
    @pytest.mark.parametrize("evaluation", [TASK, {}])
    @pytest.mark.parametrize(
        "challenger",
        ['{"metrics": {"mae": 1.72}, "rows": 200, "seconds": 2}', '{"metrics": {"mae": NaN}}', None],
    )
    def test_every_report_keeps_to_it(self, challenger: Any, champion: Any, evaluation: Any) -> None:
        """Accepted or not, with and without champion, rows and measurements."""
        jsonschema.validate(written(challenger, champion=champion, **evaluation), schema())

    def test_it_is_no_rubber_stamp(self) -> None:
        """A key of another type is refused."""
        document = written(None, champion=True) | {"margin": "wide"}

        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema())
