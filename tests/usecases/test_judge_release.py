from __future__ import annotations

import json
import re
from typing import Any

import pytest

from slipway.domain.costs import STATED, Prices
from slipway.usecases.judge_release import judge_release
from tests.fakes.job_logs import FakeJobLogs
from tests.fakes.models import NOW, a_champion, a_document, a_plan
from tests.fakes.storage import FakeReports


class Court:
    """Reports of both sides, and a judge."""

    def __init__(self) -> None:
        self.reports = FakeReports()
        self.logs = FakeJobLogs()
        self.prices = Prices()
        self.beside: Any = {}
        self.serving: Any = None
        self.environment_gates: list[str] = []

    def judge(self, challenger: str | None, champion: str | None = None, **sections: Any) -> Any:
        """Judge by two reports' texts; a champion's text makes one stand beside it."""
        plan = a_plan(champion=a_champion() if champion is not None else None, **sections)
        for side, text in (("challenger", challenger), ("champion", champion)):
            if text:
                self.reports.files[f"{plan['artifact_prefix']}/evaluation/{side}/evaluation.json"] = text
        if self.serving is not None:
            uri = f"{plan['artifact_prefix']}/evaluation/challenger/serving.json"
            self.reports.files[uri] = json.dumps(self.serving)
        document = a_document(plan, champion_run=champion is not None) | self.beside
        plan["environment_gates"] = self.environment_gates
        return judge_release(
            document, reports=self.reports, logs=self.logs, clock=lambda: NOW, prices=self.prices
        )

    def evidence(self) -> Any:
        (uri,) = (uri for uri in self.reports.files if uri.endswith("/report.json"))
        return json.loads(self.reports.files[uri], parse_constant=pytest.fail)


@pytest.fixture
def court() -> Court:
    return Court()


GOOD = '{"metrics": {"mae": 31.2}, "rows": 500, "plots": ["residuals.svg"], "seconds": 1.5}'


class TestJudgeRelease:
    def test_first_version_that_meets_its_gates(self, court: Court) -> None:
        """Without a champion, the gates decide."""
        verdict = court.judge(GOOD)

        assert verdict["accepted"] is True
        assert verdict["challenger"] == {"mae": 31.2}
        assert verdict["champion"] is None
        assert verdict["summary"].startswith("accepted: mae 31.2 EUR; there is no champion yet")

    def test_gate_that_is_not_met(self, court: Court) -> None:
        """A gate that is not met rejects, and the summary says which."""
        verdict = court.judge(GOOD.replace("31.2", "61"))

        assert verdict["accepted"] is False
        assert verdict["summary"] == "not accepted: mae is 61, needs <= 60"

    def test_worse_than_the_champion(self, court: Court) -> None:
        """Meeting every gate is not enough beside a better champion."""
        verdict = court.judge(GOOD, GOOD.replace("31.2", "30"))

        assert verdict["accepted"] is False
        assert "mae is 31.2, worse than the champion 1.0.0 with 30" in verdict["summary"]

    def test_worse_within_the_margin(self, court: Court) -> None:
        """The manifest may allow to be a little worse."""
        verdict = court.judge(GOOD, GOOD.replace("31.2", "30"), evaluation={"margin": 1.5})

        assert verdict["accepted"] is True

    def test_higher_is_better_where_the_manifest_says_so(self, court: Court) -> None:
        """A metric to maximize is compared the other way round."""
        sections: Any = {
            "evaluation": {
                "primary_metric": "auc",
                "metrics": {"auc": {"direction": "maximize", "unit": ""}},
            },
            "gates": ["auc >= 0.6"],
        }
        better, worse = '{"metrics": {"auc": 0.7}, "rows": 1}', '{"metrics": {"auc": 0.65}, "rows": 1}'

        assert court.judge(better, worse, **sections)["accepted"] is True
        assert court.judge(worse, better, **sections)["accepted"] is False

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ('{"metrics": {"mae": NaN}, "rows": 1}', "mae is not a finite number"),
            ('{"metrics": {"mae": Infinity}, "rows": 1}', "mae is not a finite number"),
            ('{"metrics": {"mae": null}, "rows": 1}', "mae is not a finite number"),
            ('{"metrics": {"mae": true}, "rows": 1}', "mae is not a finite number"),
            ('{"metrics": {"rmse": 3}, "rows": 1}', "mae was not reported; reported: rmse"),
            ('{"metrics": {"mae": 1, "rmse": NaN}, "rows": 1}', "rmse is not a finite number"),
            ('{"metrics": {}, "rows": 1}', "mae was not reported; reported: nothing"),
            ('{"rows": 1}', "holds no object 'metrics'"),
            ("[1]", "holds no object 'metrics'"),
            ("not JSON", "is not JSON"),
            (None, "evaluate wrote no s3://"),
        ],
    )
    def test_what_was_not_measured_rejects(self, court: Court, text: str | None, reason: str) -> None:
        """A metric that is missing, NaN or infinite rejects with its reason; nothing raises."""
        verdict = court.judge(text)

        assert verdict["accepted"] is False
        assert reason in verdict["summary"]
        json.dumps(verdict, allow_nan=False)
        assert court.evidence()["accepted"] is False

    @pytest.mark.parametrize(
        ("metrics", "reason"),
        [
            ({"mae": 1, **{f"mae of hotel {n}": 1.5 for n in range(5_000)}}, "holds 5,001 metrics"),
            ({"mae": 1, "é" * 5_000: 2.5}, "whose name has 10,000 bytes"),
        ],
    )
    def test_more_metrics_than_a_release_can_carry(
        self, court: Court, metrics: dict[str, float], reason: str
    ) -> None:
        """It is a reason not to accept, in words, and the verdict stays small."""
        verdict = court.judge(json.dumps({"metrics": metrics, "rows": 1}))

        assert verdict["accepted"] is False
        assert reason in verdict["summary"]
        assert verdict["challenger"] == {}
        assert len(json.dumps(verdict)) < 5_000

    def test_report_that_is_too_large(self, court: Court) -> None:
        """It is not read, and that is the reason."""
        verdict = court.judge(GOOD + " " * 9_000_000)

        assert verdict["accepted"] is False
        assert "is too large: it has 9,000,083 bytes, and at most 8,388,608 are read" in verdict["summary"]

    def test_verdict_on_as_much_as_is_allowed(self, court: Court) -> None:
        """Beside the plan, the verdict on two full reports has its place in a document of 256 KiB."""
        report = json.dumps({"metrics": {f"{n:0>255}": 1.23456789012345e-30 for n in range(200)}, "rows": 1})
        names = [f"m{n}" for n in range(40)]
        sections: Any = {
            "evaluation": {
                "primary_metric": names[0],
                "metrics": {name: {"direction": "maximize", "unit": ""} for name in names},
            },
            "gates": [f"{name} >= 0.6" for name in names[:20]],
        }

        verdict = court.judge(report, report, **sections)

        assert verdict["accepted"] is False
        assert "and 35 more" in verdict["summary"]
        assert len(json.dumps(verdict)) < 200_000

    def test_champion_that_could_not_be_measured(self, court: Court) -> None:
        """Without the champion's metric there is no comparison, and so no acceptance."""
        verdict = court.judge(GOOD, '{"metrics": {"mae": NaN}, "rows": 1}')

        assert verdict["accepted"] is False
        assert "the champion 1.0.0 could not be compared" in verdict["summary"]

    def test_evidence_holds_what_an_approver_asks_for(self, court: Court) -> None:
        """report.json: both sides, gates, data versions, digests, hyperparameters, durations, plots, cost."""
        verdict = court.judge(GOOD, GOOD.replace("31.2", "33"))

        evidence = court.evidence()
        assert verdict["report_uri"].endswith("/releases/9f2c41d07b3a55e1/report.json")
        assert evidence["challenger"]["plots"][0].startswith("s3://artifacts/pricing/hotel-rates/releases/")
        assert evidence["challenger"]["plots"][0].endswith("/evaluation/challenger/plots/residuals.svg")
        assert evidence["champion"]["metrics"] == {"mae": 33}
        assert evidence["champion"]["version"] == "1.0.0"
        assert evidence["training_data"][0]["version"] == "1.2.0"
        assert evidence["hyperparameters"]["learning_rate"] == "0.1"
        assert evidence["training_seconds"] == 61
        assert evidence["metric_declarations"] == {"mae": {"direction": "minimize", "unit": "EUR"}}
        assert evidence["cost"]["usd_per_hour"] == pytest.approx(0.115)


class TestCached:
    def test_evidence_says_what_was_not_run(self, court: Court) -> None:
        """Whose outputs they are, and that nothing was paid for the training."""
        plan = a_plan()
        document = a_document(plan)
        document["training"]["cached_from"] = "1" * 16
        document["evaluation"]["challenger"]["cached_from"] = "2" * 16
        court.reports.files[f"{plan['artifact_prefix']}/evaluation/challenger/evaluation.json"] = GOOD

        judge_release(document, reports=court.reports, logs=FakeJobLogs(), clock=lambda: NOW)

        evidence = court.evidence()
        assert evidence["cached_from"] == {"training": "1" * 16, "challenger": "2" * 16}
        assert evidence["cost"]["training_usd"] == 0
        assert evidence["training_seconds"] == 61.0

    def test_evidence_of_what_was_run(self, court: Court) -> None:
        """Nothing is said of other releases."""
        court.judge(GOOD)

        assert court.evidence()["cached_from"] == {}
        assert court.evidence()["cost"]["training_usd"] > 0


class TestEnvironmentGates:
    """Settings add gates; a manifest can't drop one."""

    def test_count_beside_the_manifest_s(self, court: Court) -> None:
        """A release that meets its own gates is rejected by the environment's."""
        court.environment_gates = ["mae <= 20 EUR"]

        verdict = court.judge(GOOD)

        assert verdict["accepted"] is False
        assert verdict["summary"] == "not accepted: mae is 31.2, needs <= 20"
        assert {"mae <= 60", "mae <= 20 EUR"} <= {gate["gate"] for gate in verdict["gates"]}

    def test_the_same_gate_twice_is_told_once(self, court: Court) -> None:
        """However its spaces stand."""
        court.environment_gates = ["mae<=60"]

        assert [gate["gate"] for gate in court.judge(GOOD)["gates"]].count("mae <= 60") == 1


class TestFindings:
    """``critical image findings == 0``"""

    @pytest.mark.parametrize(
        ("scan", "accepted", "reason"),
        [
            ({"status": "complete", "findings": {"HIGH": 3}, "reason": ""}, True, "accepted"),
            (
                {"status": "complete", "findings": {"CRITICAL": 1}, "reason": ""},
                False,
                "findings is 1, needs",
            ),
            ({"status": "missing", "findings": {}, "reason": "FAILED"}, False, "has no result: FAILED"),
            (None, False, "the image was not scanned"),
        ],
    )
    def test_only_a_scan_that_ended_without_any_meets_it(
        self, court: Court, scan: Any, accepted: Any, reason: str
    ) -> None:
        """What was not scanned is not known to be safe."""
        court.beside = {"scan": scan} if scan else {}

        verdict = court.judge(GOOD, gates=["critical image findings == 0"])

        assert verdict["accepted"] is accepted
        assert reason in verdict["summary"]


class TestServing:
    """``latency p99 <= …`` and ``cost per 1,000 predictions <= …``"""

    GATES = ("latency p99 <= 20 ms", "cost per 1,000 predictions <= 0.001 USD")

    def measured(self, p99: float, rate: float) -> Any:
        latency = {"p50": 1.0, "p90": 1.0, "p95": 1.0, "p99": p99}
        return {"latency_ms": latency, "requests_per_second": rate, "model_bytes": 900}

    def test_fast_and_cheap_enough(self, court: Court) -> None:
        """What was measured counts, and the report shows it."""
        court.serving = self.measured(12.0, 100.0)

        verdict = court.judge(GOOD, gates=list(self.GATES))

        assert verdict["accepted"] is True
        reasons = [gate["reason"] for gate in verdict["gates"]]
        assert "latency p99 is 12 ms, meets <= 20 ms" in reasons
        assert "cost per 1,000 predictions is 0.000319444 USD, meets <= 0.001 USD" in reasons
        serving = court.evidence()["challenger"]["serving"]
        assert (serving["model_bytes"], serving["priced_for"]) == (900, "ml.m5.large")

    def test_too_slow_or_too_dear(self, court: Court) -> None:
        """A good model that nobody can wait for, or pay for, is not accepted."""
        court.serving = self.measured(21.0, 10.0)

        summary = court.judge(GOOD, gates=list(self.GATES))["summary"]

        assert "latency p99 is 21 ms, needs <= 20 ms" in summary
        assert "cost per 1,000 predictions is 0.00319444 USD, needs <= 0.001 USD" in summary

    def test_stated_prices_count(self, court: Court) -> None:
        """Those of the settings, in gates and in the report, which says whence they are."""
        court.serving, court.prices = self.measured(12.0, 100.0), Prices({"ml.m5.large": 1.15})

        summary = court.judge(GOOD, gates=list(self.GATES))["summary"]

        assert "cost per 1,000 predictions is 0.00319444 USD, needs <= 0.001 USD" in summary
        cost = court.evidence()["cost"]
        assert (cost["usd_per_hour"], cost["source"]) == (1.15, STATED)
        serving = court.evidence()["challenger"]["serving"]
        assert serving["cost_per_1000_usd"] == pytest.approx(1.15 / 3600 / 100 * 1000)

    def test_what_was_not_measured_meets_no_gate(self, court: Court) -> None:
        """The reason says why it was not."""
        court.serving = {"problem": "the server ended with exit code 1: no such table", "model_bytes": 9}

        summary = court.judge(GOOD, gates=list(self.GATES))["summary"]

        assert "latency p99 was not measured: the server ended with exit code 1: no such table" in summary
        assert "the cost of predictions is not known: the server ended" in summary


class TestReport:
    def test_training_curves_are_read_off_the_job_s_log(self, court: Court) -> None:
        """By the expressions of the job's own request; seconds since its first line."""
        court.logs = FakeJobLogs("begins", "validation mae=40.5", "validation mae=33.25")

        court.judge(GOOD)

        assert court.evidence()["training_curves"] == {"validation:mae": [[1.0, 40.5], [2.0, 33.25]]}

    def test_log_that_can_not_be_read_costs_no_verdict(self, court: Court) -> None:
        """A picture is lost."""
        court.logs = FakeJobLogs(trouble=PermissionError("no logs for you"))

        assert court.judge(GOOD)["accepted"] is True
        assert court.evidence()["training_curves"] == {}

    def test_five_numbers_travel_with_the_verdict(self, court: Court) -> None:
        """The same ones that the report holds: what messages say is what the page says."""
        verdict = court.judge(GOOD, GOOD.replace("31.2", "33"))

        assert verdict["numbers"] == court.evidence()["numbers"]
        assert verdict["numbers"][0] == ["mae", "31.20 EUR, champion 1.0.0 33.00 EUR"]
        assert len(verdict["numbers"]) == 5

    def test_page_needs_nothing_from_outside(self, court: Court) -> None:
        """One HTML file beside the report: no script, no link, no picture that is loaded from anywhere."""
        court.logs = FakeJobLogs("validation mae=40.5", "validation mae=38.5")
        court.judge(GOOD, GOOD.replace("31.2", "33"))

        (page,) = (text for uri, text in court.reports.files.items() if uri.endswith("/report.html"))
        assert "pricing/hotel-rates 1.1.0: accepted" in page
        assert "<script" not in page
        assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
        assert "url(" not in page
        assert "Training: validation:mae" in page
