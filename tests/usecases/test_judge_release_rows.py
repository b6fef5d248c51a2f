"""What becomes of a release whose manifest names a task, by the rows of both sides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.usecases.judge_release import judge_release
from tests.domain.judging.test_release_rows import predictions
from tests.fakes.job_logs import FakeJobLogs
from tests.fakes.models import NOW, a_champion, a_document, a_plan
from tests.fakes.storage import FakeReports

MAE = 2.5
"""About what ``predictions(2.0)`` has."""


class Court:
    """Predictions and reports of both sides, and a judge."""

    def __init__(self) -> None:
        self.reports = FakeReports()

    def judge(
        self,
        challenger: bytes | None,
        champion: bytes | None = None,
        *,
        reported: float | None = None,
        gates: Any = ("mae <= 60",),
        with_champion: bool = False,
        **evaluation: Any,
    ) -> Any:
        """Judge by predictions; the challenger's own report says ``reported``, else what the rows give."""
        there = with_champion or champion is not None
        settings = {"task": "regression", "margin": 0.5, "min_slice_rows": 20, "resamples": 500, **evaluation}
        plan = a_plan(champion=a_champion() if there else None, evaluation=settings, gates=list(gates))
        for side, content in (("challenger", challenger), ("champion", champion)):
            folder = f"{plan['artifact_prefix']}/evaluation/{side}"
            value = _mae(content) if reported is None or side == "champion" else reported
            self.reports.files[f"{folder}/evaluation.json"] = json.dumps(
                {"metrics": {"mae": value}, "rows": 1}
            )
            if content is not None:
                self.reports.files[f"{folder}/predictions.csv"] = content.decode()
        document = a_document(plan, champion_run=there)
        return judge_release(document, reports=self.reports, logs=FakeJobLogs(), clock=lambda: NOW)

    def evidence(self) -> Any:
        (uri,) = (uri for uri in self.reports.files if uri.endswith("/report.json"))
        return json.loads(self.reports.files[uri], parse_constant=pytest.fail)


def _mae(content: bytes | None) -> float:
    if content is None:
        return 1.0
    rows = [line.split(",") for line in content.decode().splitlines()[1:]]
    return sum(abs(float(row[1]) - float(row[2])) for row in rows) / len(rows)


@pytest.fixture
def court() -> Court:
    return Court()


class TestVerdictOfRows:
    def test_better(self, court: Court) -> None:
        """The word, the numbers and the sentence travel with the release; the whole is in the report."""
        verdict = court.judge(predictions(2.0, seed=2), predictions(4.0))

        assert (verdict["accepted"], verdict["word"]) == (True, "better")
        assert verdict["difference"]["lower"] > 0
        assert verdict["difference"]["rows"] == 400
        assert verdict["worst_slice"]["worse"] is False
        assert verdict["summary"].startswith("accepted: better: mae 2.490 EUR")
        rows = court.evidence()["rows"]
        assert rows["verdict"] == "better"
        assert rows["comparisons"]["mae"]["upper"] < 0
        assert {one["column"] for one in rows["slices"]} >= {"region"}

    def test_worse(self, court: Court) -> None:
        """Meeting every gate is not enough."""
        verdict = court.judge(predictions(4.0, seed=2), predictions(2.0))

        assert (verdict["accepted"], verdict["word"]) == (False, "worse")
        assert verdict["summary"].startswith("not accepted: worse: mae 4.490 EUR")

    def test_equivalent(self, court: Court) -> None:
        """A difference within the margin is accepted."""
        verdict = court.judge(predictions(2.1, seed=2), predictions(2.0))

        assert (verdict["accepted"], verdict["word"]) == (True, "equivalent")

    def test_undecided_asks_a_person_unless_the_manifest_says_otherwise(self, court: Court) -> None:
        """How many more rows would decide is said either way."""
        few = {"challenger": predictions(2.45, rows=40, seed=2), "champion": predictions(2.0, rows=40)}

        asks = court.judge(**few)
        rejects = Court().judge(**few, undecided="reject")

        assert asks["word"] == rejects["word"] == "undecided"
        assert (asks["accepted"], rejects["accepted"]) == (True, False)
        assert asks["difference"]["more_rows"] > 0
        assert "more rows would decide it; a person has to decide" in asks["summary"]

    def test_first_version(self, court: Court) -> None:
        """Gates alone decide, on what the rows give."""
        verdict = court.judge(predictions(2.0))

        assert verdict["accepted"] is True
        assert "word" not in verdict
        assert "computed from 400 rows; there is no champion yet" in verdict["summary"]

    def test_champion_without_predictions(self, court: Court) -> None:
        """It was released before there was a task: reported values are compared, and the verdict says so."""
        verdict = court.judge(predictions(2.0), with_champion=True, margin=2.0)

        assert verdict["accepted"] is True
        assert "word" not in verdict
        assert "not compared row by row: the champion wrote no predictions" in verdict["summary"]

    def test_without_a_task_the_report_is_believed(self, court: Court) -> None:
        """And the verdict says that nothing was computed."""
        plan = a_plan()
        uri = f"{plan['artifact_prefix']}/evaluation/challenger/evaluation.json"
        court.reports.files[uri] = '{"metrics": {"mae": 31.2}, "rows": 1}'

        verdict = judge_release(
            a_document(plan), reports=court.reports, logs=FakeJobLogs(), clock=lambda: NOW
        )

        assert "as reported, nothing was computed from rows" in verdict["summary"]
        assert "rows" not in court.evidence()


class TestWhatRejects:
    def test_report_that_contradicts_the_rows(self, court: Court) -> None:
        """The computed value counts, and both are shown."""
        verdict = court.judge(predictions(2.0), reported=1.25)

        assert verdict["accepted"] is False
        assert "mae was reported as 1.25, and the rows give 2.5" in verdict["summary"]
        assert verdict["challenger"]["mae"] == pytest.approx(MAE, abs=0.1)
        assert court.evidence()["rows"]["reported"] == {"mae": 1.25}

    def test_rounded_report(self, court: Court) -> None:
        """Four digits are no contradiction."""
        assert court.judge(predictions(2.0), reported=float(f"{_mae(predictions(2.0)):.4g}"))["accepted"]

    @pytest.mark.parametrize(
        ("ours", "reason"),
        [
            (None, "evaluate wrote no s3://"),
            (b"row_id,label\nr1,2", "the predictions lack prediction"),
            (predictions(2.0).replace(b"r7,", b"r7777,"), "did not predict the same rows"),
            (predictions(2.0).replace(b"\nr1,", b"\nr1,1"), "another label in 1 row"),
            (predictions(2.0) + b"\nr0,1,1,north,d0,1", "row_id is that of an earlier row"),
            (predictions(2.0) + b"\nr400,1,nan,north,d0,1", "prediction is no finite number in 1 row"),
        ],
    )
    def test_rows_that_nobody_can_be_judged_by(self, court: Court, ours: bytes | None, reason: str) -> None:
        """Each with its reason; nothing raises."""
        reported = MAE if ours is None or b"prediction" not in ours or b"nan" in ours else None
        verdict = court.judge(ours, predictions(2.0), reported=reported)

        assert verdict["accepted"] is False
        assert reason in verdict["summary"]
        json.dumps(verdict, allow_nan=False)

    @pytest.mark.parametrize(
        ("gate", "reason"),
        [
            ("mae <= champion - 5", "needs <= -2.49"),
            ("every slice of region: mae <= 2.6", "1 of 2 slices of region: north has"),
            ("every slice of city: mae <= 9", "the predictions lack city"),
            ("latency p99 <= 20 ms", "latency p99 was not measured"),
            ("cost per 1,000 predictions <= 0.01 USD", "the cost of predictions is not known"),
            ("critical image findings == 0", "the image's scan has no result yet"),
        ],
    )
    def test_gates_that_are_not_met(self, court: Court, gate: str, reason: str) -> None:
        """What was not measured never passes."""
        verdict = court.judge(predictions(2.0, north=0.3, seed=2), predictions(2.0), gates=[gate])

        assert verdict["accepted"] is False
        assert reason in verdict["summary"]

    def test_report_that_is_missing_is_not_made_good_by_rows(self, court: Court) -> None:
        """The side counts as not measured, so that its evaluation is not kept for later releases."""
        plan = a_plan(evaluation={"task": "regression"})
        folder = f"{plan['artifact_prefix']}/evaluation/challenger"
        court.reports.files[f"{folder}/predictions.csv"] = predictions(2.0).decode()

        verdict = judge_release(
            a_document(plan), reports=court.reports, logs=FakeJobLogs(), clock=lambda: NOW
        )

        assert (verdict["accepted"], verdict["challenger"]) == (False, {})
