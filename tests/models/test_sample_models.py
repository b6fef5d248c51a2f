"""The sample models on their real data: trained, evaluated and served as SageMaker does it."""

from __future__ import annotations

import csv
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slipway.contracts.container import PREDICTIONS_FILE, REPORT_FILE
from slipway.domain.judging.gate_language import parse_gate
from slipway.domain.judging.gates import GateEvidence, check_gate
from slipway.domain.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "container" / "bin" / "entry"
TRAINING_SECONDS = 45
"""Three times what the larger model takes on two free cores."""
START_SECONDS = 20
MODELS = ("hotel-rates", "flight-delays")


@dataclass(frozen=True, slots=True)
class Trained:
    """A version of a sample model after training and evaluation."""

    base: Path
    seconds: float
    log: str
    report: dict[str, Any]

    @property
    def evaluation(self) -> Path:
        """What evaluate wrote."""
        return self.base / "processing" / "evaluation"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample model with both of its versions."""

    name: str
    manifest: dict[str, Any]
    first: Trained
    second: Trained


def variables(name: str, base: Path, **more: str) -> dict[str, str]:
    """The environment in which SageMaker would start the entry point."""
    return {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "SLIPWAY_PROGRAM": str(ROOT / "models" / name),
        "SLIPWAY_BIND_HOST": "127.0.0.1",
        **more,
    }


def train_and_evaluate(name: str, manifest: dict[str, Any], data: Path, version: str, base: Path) -> Trained:
    """Run the two programs on one version of the training data."""
    for channel, reference in manifest["training"]["channels"].items():
        folder = base / "input" / "data"
        folder.mkdir(parents=True)
        (folder / channel).symlink_to(data / reference.partition(":")[0] / version)
    for channel, reference in manifest["evaluation"]["channels"].items():
        folder = base / "processing" / "data"
        folder.mkdir(parents=True)
        (folder / channel).symlink_to(data / reference.replace(":", "/"))
    config = base / "input" / "config"
    config.mkdir(parents=True)
    settings = {key: str(value) for key, value in manifest["training"]["hyperparameters"].items()}
    (config / "hyperparameters.json").write_text(json.dumps(settings))
    began = time.perf_counter()
    command = [sys.executable, str(ENTRY)]
    trained = subprocess.run(
        [*command, "train"], env=variables(name, base), check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    (base / "processing" / "model").mkdir()
    with tarfile.open(base / "processing" / "model" / "model.tar.gz", "w:gz") as archive:
        archive.add(base / "model", ".")
    subprocess.run([*command, "evaluate"], env=variables(name, base), check=True, capture_output=True)
    report = json.loads((base / "processing" / "evaluation" / REPORT_FILE).read_text())
    return Trained(base, seconds, trained.stdout, report)


@pytest.fixture(scope="module", params=MODELS)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A sample model, trained on data set versions 1.0.0 and 1.1.0."""
    name = str(request.param)
    text = (ROOT / "models" / name / "slipway.toml").read_text(encoding="utf-8")
    manifest = Manifest.from_toml(text, "slipway.toml").document()
    home = tmp_path_factory.mktemp(name)
    data = home / "data"
    subprocess.run([sys.executable, str(ROOT / "models" / name / "data.py"), str(data)], check=True)
    first, second = (
        train_and_evaluate(name, manifest, data, version, home / version) for version in ("1.0.0", "1.1.0")
    )
    return Sample(name, manifest, first, second)


class TestSampleModels:
    def test_more_data_makes_the_second_version_better(self, sample: Sample) -> None:
        """
        Version 1.1.0 differs from 1.0.0 only by more months of data, and errs less on the same holdout.
        """
        metric = sample.manifest["evaluation"]["primary_metric"]
        direction = sample.manifest["evaluation"]["metrics"][metric]["direction"]
        first, second = (version.report["metrics"][metric] for version in (sample.first, sample.second))

        assert second < first if direction == "minimize" else second > first

    def test_both_versions_pass_their_own_gates(self, sample: Sample) -> None:
        """
        The manifest's gates are met by the first version, with room.
        """
        for text in sample.manifest["gates"]:
            for version in (sample.first, sample.second):
                outcome = check_gate(
                    parse_gate(text),
                    GateEvidence(
                        version.report["metrics"],
                        units={
                            name: metric["unit"]
                            for name, metric in sample.manifest["evaluation"]["metrics"].items()
                        },
                    ),
                )
                assert outcome["passed"], outcome["reason"]

    def test_report_has_every_declared_metric_and_slices(self, sample: Sample) -> None:
        """
        The metrics are those that the manifest declares; each slice has them and its number of rows.
        """
        report = sample.second.report
        declared = set(sample.manifest["evaluation"]["metrics"])

        assert set(report["metrics"]) == declared
        assert len(report["slices"]) == 3
        for values in report["slices"].values():
            assert len(values) >= 2
            for metrics in values.values():
                assert set(metrics) == declared | {"rows"}
                assert metrics["rows"] <= report["rows"]

    def test_predictions_have_a_line_per_row(self, sample: Sample) -> None:
        """
        Every evaluated row is there with its id, label, prediction and slices; both versions have the same.
        """
        files = [version.evaluation / PREDICTIONS_FILE for version in (sample.first, sample.second)]
        first, second = (list(csv.DictReader(file.open())) for file in files)

        assert len(second) == sample.second.report["rows"]
        assert [row["row_id"] for row in first] == [row["row_id"] for row in second]
        assert list(second[0])[:2] == ["row_id", "label"]
        assert list(second[0])[2] in {"prediction", "score"}
        assert list(second[0])[3:] == list(sample.second.report["slices"])

    def test_plots_are_small_drawings(self, sample: Sample) -> None:
        """
        Each plot that the report names is an SVG file of less than 64 KiB, fit for a page and an e-mail.
        """
        plots = sample.second.report["plots"]

        assert len(plots) == 2
        for plot in plots:
            file = sample.second.evaluation / "plots" / plot
            assert ET.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own file
            assert file.stat().st_size < 65536

    def test_log_has_the_declared_metrics(self, sample: Sample) -> None:
        """
        SageMaker finds each training metric in the log by the manifest's expression.
        """
        for expression in sample.manifest["training"]["metrics"].values():
            assert float(re.findall(expression, sample.second.log)[-1]) > 0

    def test_training_takes_seconds(self, sample: Sample) -> None:
        """
        A demo must not wait for its models.
        """
        assert sample.second.seconds < TRAINING_SECONDS

    def test_model_artifact_is_plain_json(self, sample: Sample) -> None:
        """
        Loading a model runs no code from its artifact: there is no pickle in it.
        """
        files = [file for file in (sample.second.base / "model").rglob("*") if file.is_file()]

        assert [file.name for file in files] == ["model.json"]
        assert json.loads(files[0].read_text())


@pytest.fixture(scope="module")
def endpoint(sample: Sample) -> Iterator[int]:
    """The second version, serving; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, str(ENTRY), "serve"],
        env=variables(sample.name, sample.second.base, SAGEMAKER_BIND_TO_PORT=str(port)),
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + START_SECONDS
    while ask(port, "GET", "/ping")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield port
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def ask(port: int, method: str, path: str, body: bytes = b"", content_type: str = "") -> tuple[int, bytes]:
    """Status and body; status 0 if nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


class TestServing:
    def test_sample_request_is_answered(self, sample: Sample, endpoint: int) -> None:
        """
        The manifest's sample request, which the smoke test sends after a promotion, gets one prediction.
        """
        request = sample.manifest["serving"]["sample"]
        status, body = ask(
            endpoint, "POST", "/invocations", request["body"].encode(), request["content_type"]
        )

        assert status == 200
        assert len(json.loads(body)["predictions"]) == 1

    def test_endpoint_predicts_what_was_evaluated(self, sample: Sample, endpoint: int) -> None:
        """
        Rows of the holdout get from the endpoint the predictions on which the version was judged.
        """
        with (sample.second.evaluation / PREDICTIONS_FILE).open() as file:
            judged = judged_rows(file, 50)
        (channel,) = (sample.second.base / "processing" / "data").iterdir()
        first_file = min(channel.rglob("*.csv"))
        with first_file.open() as file:
            rows = {row["row_id"]: row for row in csv.DictReader(file)}
        request = json.loads(sample.manifest["serving"]["sample"]["body"])
        columns = columns_of(sample.name)
        assert len(columns) == len(request["instances"][0])
        body = "".join(",".join(rows[row_id][column] for column in columns) + "\n" for row_id, _ in judged)
        status, answer = ask(endpoint, "POST", "/invocations", body.encode(), "text/csv")

        assert status == 200
        assert [float(line) for line in answer.split()] == pytest.approx(
            [float(value) for _, value in judged], abs=1e-8
        )


def judged_rows(file: Any, count: int) -> list[tuple[str, str]]:
    """The first rows' ids and predictions."""
    reader = csv.DictReader(file)
    field = "prediction" if "prediction" in (reader.fieldnames or ()) else "score"
    return [(row["row_id"], row[field]) for _, row in zip(range(count), reader, strict=False)]


def columns_of(name: str) -> list[str]:
    """A model's columns, asked in a process of its own: both models' modules must not meet."""
    package = {"hotel-rates": "hotel_rates", "flight-delays": "flight_delays"}[name]
    code = f"import json; from {package}.columns import COLUMNS; print(json.dumps(COLUMNS))"
    folder = ROOT / "models" / name
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
    return list(json.loads(done.stdout))


class TestOwnTests:
    @pytest.mark.parametrize("name", MODELS)
    def test_models_own_tests_pass(self, name: str) -> None:
        """
        What `slipway model check` runs in the model's directory passes.
        """
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
            cwd=ROOT / "models" / name,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout
