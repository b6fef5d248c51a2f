"""The four verdicts, each from real bookings: hotel-rates beside its champion on the embedded AWS."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.endtoend

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "models" / "hotel-rates"
PROJECT = "verdicts"
SAMPLE = '"hotel-rates-sample:1.0.0"'


@pytest.fixture(scope="module")
def hotels(laptop, tmp_path_factory):
    """The platform with 1.0.0 as its champion, which saw one summer; other data sets lie ready."""
    data = tmp_path_factory.mktemp("hotels")
    subprocess.run([sys.executable, str(SOURCE / "data.py"), str(data)], check=True)
    for name in ("hotel-rates-holdout", "hotel-rates-sample", "hotel-rates"):
        laptop.slipway("data", "put", f"{name}:1.0.0", str(data / name / "1.0.0"), "--project", PROJECT)
    laptop.deployed(laptop.model(PROJECT, SOURCE), "1.0.0")
    laptop.slipway(
        "data", "put", "hotel-rates:1.1.0", str(data / "hotel-rates" / "1.1.0"), "--project", PROJECT
    )
    return laptop


def judged(laptop, version, *, status="awaiting-approval", **changes: str):
    """A version's release once it is judged, its verdict, and its report."""
    laptop.push(laptop.model(PROJECT, SOURCE, **changes), version)
    release = laptop.release(f"{PROJECT}/hotel-rates:{version}")
    record = laptop.reach(release, status)
    execution = laptop.aws.client("stepfunctions").describe_execution(executionArn=record["execution_arn"])
    name = json.loads(execution["input"])["plan"]["artifact_prefix"]
    bucket, _, key = name.removeprefix("s3://").partition("/")
    report = laptop.aws.client("s3").get_object(Bucket=bucket, Key=f"{key}/report.json")["Body"].read()
    return record, json.loads(report)


class TestVerdicts:
    """In the order in which the versions are pushed."""

    def test_more_data_is_better(self, hotels, capsys) -> None:
        """1.1.0 saw autumn and winter too: the interval of its gain lies above nought. It is approved."""
        release, report = judged(hotels, "1.1.0")

        rows = report["rows"]
        assert report["schema_version"] == 3
        assert (rows["verdict"], rows["rows"], rows["task"]) == ("better", 6700, "regression")
        mae = rows["comparisons"]["mae"]
        assert mae["champion"] == pytest.approx(20.94, abs=0.01)
        assert mae["challenger"] == pytest.approx(18.52, abs=0.01)
        assert -2.9 < mae["lower"] < mae["difference"] < mae["upper"] < -1.9
        assert "better: mae 18.52 EUR beside the champion's 20.94 EUR, 2.42 EUR better" in report["summary"]
        assert "worst slice" in report["summary"]
        self.shows_one_report(hotels, release, report, capsys)
        assert hotels.decide(release).recorded
        hotels.reach(release, "deployed")
        arn = hotels.ledger.get_approval(release["release_id"])["package_arn"]
        package = hotels.aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
        assert package["ModelCard"]["ModelCardStatus"] == "Approved"

    def shows_one_report(self, hotels, release, report, capsys) -> None:
        """Page, command line, mail and package show the same numbers, with plots and what was measured."""
        assert [plot["kind"] for plot in report["rows"]["plots"]] == ["residuals", "residuals-by-prediction"]
        assert report["challenger"]["serving"]["latency_ms"]["p99"] > 0
        assert report["challenger"]["serving"]["model_bytes"] > 1000
        assert "scikit-learn" in report["source"]["libraries"]
        numbers = dict(report["numbers"])
        assert numbers["mae"] == "18.52 EUR, champion 1.0.0 20.94 EUR"
        capsys.readouterr()
        hotels.slipway("release", "report", release["release_id"])
        told = capsys.readouterr().out
        hotels.slipway("release", "report", release["release_id"], "--html", "-")
        page = capsys.readouterr().out
        (mail,) = hotels.mails("Approval wanted: verdicts/hotel-rates 1.1.0", to="approver@example.com")
        text = re.sub(r"</?span[^>]*>", "", page)  # which keep a number on one line
        for shown in (told, text, mail["body"]):
            assert numbers["difference"] in " ".join(shown.split())
        assert page.count("data:image/svg+xml") >= 4
        arn = hotels.ledger.get_approval(release["release_id"])["package_arn"]
        package = hotels.aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
        (evaluation,) = json.loads(package["ModelCard"]["ModelCardContent"])["evaluation_details"]
        assert evaluation["metadata"]["mae"] == numbers["mae"]
        assert package["ModelCard"]["ModelCardStatus"] == "PendingReview"
        assert package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].endswith("/model-quality.json")

    def test_a_cruder_model_is_worse(self, hotels) -> None:
        """1.2.0 meets every gate, and nobody is asked: it is worse by more than the margin."""
        release, report = judged(hotels, "1.2.0", status="not-accepted", min_frequency="2000")

        assert report["rows"]["verdict"] == "worse"
        failed = [gate["reason"] for gate in report["gates"] if not gate["passed"]]
        assert failed == [report["rows"]["sentence"]]
        assert failed[0].startswith("worse: mae 19.90 EUR beside the champion's 18.52 EUR, 1.38 EUR worse")
        assert "margin 0.25 EUR" in failed[0]
        assert not hotels.mails(f"hotel-rates {release['version']}", to="ana@example.com")

    def test_hardly_any_change_is_equivalent(self, hotels) -> None:
        """1.3.0 differs by less than the margin, shown by two one-sided tests; a person decides."""
        release, report = judged(hotels, "1.3.0", min_frequency="40")

        assert report["rows"]["verdict"] == "equivalent"
        assert abs(report["rows"]["comparisons"]["mae"]["difference"]) < 0.25
        assert "accepted: equivalent: mae" in report["summary"]
        assert hotels.decide(release, "rejected").recorded

    def test_the_same_change_on_few_rows_is_undecided(self, hotels) -> None:
        """1.4.0 on 168 bookings: too few to tell, and the verdict says how many more would do."""
        release, report = judged(hotels, "1.4.0", min_frequency="40", holdout=SAMPLE)

        assert (report["rows"]["verdict"], report["rows"]["rows"]) == ("undecided", 168)
        assert 1_000 < report["rows"]["more_rows"] < 10_000
        assert "more rows would decide it; a person has to decide" in report["summary"]
        asked = [mail for mail in hotels.aws.inbox() if release["release_id"] in json.dumps(mail)]
        assert any("undecided: mae" in json.dumps(mail).lower() for mail in asked)
        assert hotels.decide(release, "rejected").recorded

    def test_undecided_can_be_a_reason_to_reject(self, hotels) -> None:
        """Where the manifest says so, nobody is asked about what the rows can't tell."""
        _, report = judged(
            hotels,
            "1.5.0",
            status="not-accepted",
            min_frequency="40",
            holdout=SAMPLE,
            margin='0.25\nundecided = "reject"',
        )

        assert report["rows"]["verdict"] == "undecided"
        assert report["summary"].startswith("not accepted: undecided: mae")
