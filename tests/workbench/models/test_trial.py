from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from slipway.domain.data_sets import DataSetVersion
from slipway.domain.semver import Version
from tests.fakes.bucket import FakeBucket
from workbench.data_sets.store import Store
from workbench.data_sets.survey import survey
from workbench.models.channels import ChannelWithoutDataError, LocalChannels, UnknownChannelError
from workbench.models.sandbox import final_metrics
from workbench.models.trial import Trial, run_trial

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.images.model_directory import ModelDirectory


def silent(_line: str) -> None:
    """Nobody listens."""


def nowhere() -> Any:
    """There is no platform."""
    raise ConnectionError("no platform")


def channels(model: ModelDirectory, bucket: Any = nowhere, **given: Path) -> LocalChannels:
    return LocalChannels(model, given, bucket, silent)


def tried(model: ModelDirectory, **settings: str) -> Trial:
    return run_trial(model, channels(model), settings, silent)


class TestTrial:
    def test_new_model_trains_and_meets_its_gates(self, model: ModelDirectory) -> None:
        """
        Train and evaluate run as in the image, on the data beside the model, and every gate is answered.
        """
        trial = tried(model)

        assert trial.passed
        assert set(trial.metrics) == set(model.manifest.evaluation.metrics)
        assert [gate["passed"] for gate in trial.gates] == [True] * len(model.manifest.gates)
        assert trial.rows in {1000, 1500}
        assert set(trial.training_metrics) == set(model.manifest.training.metrics)
        assert trial.directory is not None
        assert list((trial.directory / "processing" / "evaluation" / "plots").glob("*.svg"))
        assert json.dumps(trial.document())

    def test_gate_that_is_not_met_fails_with_its_reason(self, model: ModelDirectory) -> None:
        """
        The trial says what the release would say.
        """
        metric = model.manifest.evaluation.primary_metric
        comparison = "<=" if metric == "mae" else ">="
        file = model.path / "slipway.toml"
        limit = "0.001" if metric == "mae" else "0.999"
        text = file.read_text().replace("gates = [", f'gates = ["{metric} {comparison} {limit}", ')
        file.write_text(text)
        del model.__dict__["manifest"]

        trial = tried(model)

        assert f"needs {comparison} {limit}" in trial.problem

    def test_programs_own_words_are_the_reason(self, model: ModelDirectory) -> None:
        """
        A train that fails ends the trial with what it said, before anything is evaluated.
        """
        (model.path / "train").write_text("#!/bin/sh\necho no such column >&2\nexit 3\n")

        trial = tried(model)

        assert trial.problem.startswith("train failed: ")
        assert "no such column" in trial.problem
        assert trial.evaluation_seconds == 0

    def test_a_traceback_is_not_said_twice(self, model: ModelDirectory) -> None:
        """
        The output was printed line by line; the reason is its last line.
        """
        (model.path / "train").write_text("#!/usr/bin/env python3\nfloat('x')\n")

        trial = tried(model)

        assert trial.problem.endswith("ValueError: could not convert string to float: 'x'")
        assert "\n" not in trial.problem

    def test_train_that_writes_nothing_is_noticed(self, model: ModelDirectory) -> None:
        """
        Exit code 0 without a model is a failure.
        """
        (model.path / "train").write_text("#!/bin/sh\n")

        assert tried(model).problem == "train wrote no model into /opt/ml/model"

    def test_metric_that_is_not_reported_is_noticed(self, model: ModelDirectory) -> None:
        """
        Every declared metric must be there and finite.
        """
        report = (
            'echo \'{"metrics": {"mae": NaN}, "rows": 1}\' > "$SAGEMAKER_BASE_DIR"/processing/evaluation/'
        )
        (model.path / "evaluate").write_text(f"#!/bin/sh\n{report}evaluation.json\n")

        assert "mae is not a finite number" in tried(model).problem

    def test_hyperparameters_may_be_set(self, model: ModelDirectory) -> None:
        """
        A value on the command line takes the place of the manifest's, as a string.
        """
        trial = tried(model, penalty="1e6")

        assert trial.directory is not None
        written = json.loads((trial.directory / "input" / "config" / "hyperparameters.json").read_text())
        assert written == {"penalty": "1e6"}

    def test_last_value_of_a_metric_counts(self) -> None:
        """
        Metrics are found in the output as SageMaker finds them.
        """
        output = "loss=3.5\nloss=1.25e-1\nother=x\n"

        assert final_metrics(output, {"loss": "loss=([0-9.e-]+)", "none": "none=(.*)"}) == {"loss": 0.125}


class TestLocalChannels:
    def test_named_path_comes_first(self, model: ModelDirectory, tmp_path: Path) -> None:
        """
        What the command line names is taken.
        """
        of = model.manifest.training.channels["train"]

        assert channels(model, train=tmp_path).directory("train", of) == tmp_path

    def test_version_that_the_range_admits_is_taken(self, model: ModelDirectory) -> None:
        """
        Versions of the data set below data/ are chosen from as on the platform.
        """
        for version in ("1.2.0", "1.10.0", "2.0.0"):
            (model.path / "data" / "rents" / version).mkdir(parents=True)
        (model.path / "data" / "train" / "rows.csv").unlink()
        of = model.manifest.training.channels["train"]

        assert channels(model).directory("train", of).name == "1.10.0"

    def test_data_on_the_platform_is_fetched(self, model: ModelDirectory) -> None:
        """
        What was put is used where nothing lies beside the model, without being fetched twice.
        """
        found = survey(model.path / "data" / "train")
        data_set = DataSetVersion("homes", "rents", Version.parse("1.3.0"), found.files)
        bucket = FakeBucket()
        Store(bucket).put(data_set, found.places, silent)  # type: ignore[arg-type]
        (model.path / "data" / "train" / "rows.csv").unlink()
        of = model.manifest.training.channels["train"]

        directory = channels(model, lambda: bucket).directory("train", of)

        assert directory.parts[-4:] == (".slipway", "channels", "rents", "1.3.0")
        assert survey(directory).files == found.files

    def test_nothing_anywhere_lists_what_was_tried(self, model: ModelDirectory) -> None:
        """
        The error names every place and both ways out.
        """
        (model.path / "data" / "train" / "rows.csv").unlink()
        of = model.manifest.training.channels["train"]

        with pytest.raises(ChannelWithoutDataError, match=r"data/train.*no platform.*--data train=PATH"):
            channels(model).directory("train", of)

    def test_unknown_channel_is_refused(self, model: ModelDirectory, tmp_path: Path) -> None:
        """
        A misspelt channel on the command line is not dropped.
        """
        with pytest.raises(UnknownChannelError, match="holdout, train"):
            channels(model, trian=tmp_path)
