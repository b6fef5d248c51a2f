from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.models.scaffold import scaffold

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("made") / "rents"
    scaffold(directory, template="regression", project="homes", name="rents")
    return directory


@pytest.fixture
def directory(made: Path, slipway: Slipway) -> Path:
    """A new model in the working directory."""
    return shutil.copytree(made, Path("rents"))


class TestSchema:
    def test_is_one_json_document(self, slipway: Slipway) -> None:
        """
        The schema can be piped into a file for an editor.
        """
        assert slipway("model", "schema").json["required"] == ["model", "training", "evaluation", "serving"]


class TestNew:
    def test_says_what_to_do_next(self, slipway: Slipway) -> None:
        """
        The answer is the next commands.
        """
        answer = slipway("model", "new", "churn", "--template", "classification", "--project", "homes")

        assert answer.exit_code == 0
        said = [line.strip() for line in answer.stdout.splitlines()]
        put = "slipway data put churn:1.0.0 churn/data/train --project homes"
        held_out = "slipway data put churn-holdout:1.0.0 churn/data/holdout --project homes"
        assert said.index("slipway model train churn") < said.index(put) < said.index(held_out)
        assert said.index(held_out) < said.index(
            "slipway model push churn --tag 0.1.0"
        )  # a push without is refused
        assert Path("churn/slipway.toml").is_file()

    def test_impossible_name_is_bad_input(self, slipway: Slipway) -> None:
        """
        A name that no manifest may have ends with 5 and says how to give another.
        """
        answer = slipway("model", "new", "X")

        assert answer.exit_code == 5
        assert "--name" in answer.stderr


class TestCheck:
    def test_prints_a_line_for_each_check(self, slipway: Slipway, directory: Path) -> None:
        """
        A failing check ends the command with 1, after its line.
        """
        (directory / "train").chmod(0o644)
        shutil.rmtree(directory / "tests")

        answer = slipway("model", "check", directory)

        assert answer.exit_code == 1
        assert answer.stdout.splitlines()[0] == "ok       manifest      homes/rents, 2 gates"
        assert answer.stdout.splitlines()[1].startswith("failed   programs")
        assert slipway("model", "check", directory, "--json").json[1]["outcome"] == "failed"


class TestShow:
    def test_prints_the_whole_manifest(self, slipway: Slipway, directory: Path) -> None:
        """
        Defaults are filled in; on request in the form of the image's label.
        """
        assert slipway("model", "show", directory).json["serving"]["startup_timeout_seconds"] == 240
        assert slipway("model", "show", directory, "--canonical").stdout.startswith('{"evaluation":{')

    def test_problems_are_bad_input(self, slipway: Slipway, directory: Path) -> None:
        """
        A manifest with problems ends with 5, each problem on its line.
        """
        (directory / "slipway.toml").write_text("[model]\nprojekt = 1\n")

        answer = slipway("model", "show", directory)

        assert answer.exit_code == 5
        assert "'project' (did you mean it?)" in answer.stderr


class TestTrain:
    def test_metrics_stand_beside_their_gates(self, slipway: Slipway, directory: Path) -> None:
        """
        Progress goes to standard error, the table to standard output.
        """
        answer = slipway("model", "train", directory, "--set", "penalty=2")

        assert answer.exit_code == 0
        assert "<= 120 EUR passed" in answer.stdout
        assert "train mae=" in answer.stderr

    def test_model_that_misses_a_gate_ends_with_1(self, slipway: Slipway, directory: Path) -> None:
        """
        The document says which gate, the exit code that it failed.
        """
        toml = (directory / "slipway.toml").read_text()
        (directory / "slipway.toml").write_text(toml.replace("mae <= 120 EUR", "mae <= 0.1 EUR"))

        answer = slipway("model", "train", directory, "--json")

        assert answer.exit_code == 1
        assert answer.json["gates"][0]["passed"] is False
        assert "needs <= 0.1" in answer.stderr

    @pytest.mark.parametrize("option", [["--data", "train"], ["--set", "=1"]])
    def test_option_that_is_no_pair_is_wrong_usage(
        self, slipway: Slipway, directory: Path, option: list[str]
    ) -> None:
        """
        What cannot be read ends with 2.
        """
        assert slipway("model", "train", directory, *option).exit_code == 2


class TestBuild:
    def test_prints_digest_layers_and_time(self, slipway: Slipway, directory: Path) -> None:
        """
        The same directory gives the same digest, in less than a second once its packages are there.
        """
        first = slipway("model", "build", directory, "--json").json
        second = slipway("model", "build", directory, "--json", "--output", "image.tar").json

        assert first["digest"] == second["digest"]
        assert [layer["name"] for layer in first["layers"]] == ["packages", "runtime", "program"]
        assert second["seconds"] < 1
        assert Path("image.tar").stat().st_size > second["bytes"]


class TestPushWithoutPlatform:
    def test_model_that_cannot_run_uses_up_no_version(self, slipway: Slipway, directory: Path) -> None:
        """
        A program that is missing or cannot be run is a bad input before anything is sent.
        """
        (directory / "train").unlink()

        answer = slipway("model", "push", directory, "--tag", "1.0.0")

        assert answer.exit_code == 5
        assert "'train' is neither in rents nor on PATH" in answer.stderr

    def test_nothing_started_is_unreachable(self, slipway: Slipway, directory: Path) -> None:
        """
        Without an embedded AWS the command ends with 4 and names `slipway up`.
        """
        answer = slipway("model", "push", directory, "--tag", "1.0.0")

        assert answer.exit_code == 4
        assert "slipway up" in answer.stderr

    @pytest.mark.parametrize("tag", ["latest", "1.2", "1.2.0+build"])
    def test_tag_that_is_no_version_is_wrong_usage(self, slipway: Slipway, directory: Path, tag: str) -> None:
        """
        Only a semantic version without build metadata can be a tag.
        """
        assert slipway("model", "push", directory, "--tag", tag).exit_code == 2

    def test_unknown_version_is_wrong_usage(self, slipway: Slipway, directory: Path) -> None:
        """
        Without --tag and without a git tag there is no version.
        """
        answer = slipway("model", "push", directory)

        assert answer.exit_code == 2
        assert "--tag 1.0.0" in answer.stderr

    def test_aws_needs_docker(self, slipway: Slipway, directory: Path) -> None:
        """
        The built-in engine is refused for an environment on AWS.
        """
        answer = slipway("model", "push", directory, "--tag", "1.0.0", "--env", "prod", "--engine", "builtin")

        assert answer.exit_code == 2
        assert "only Docker" in answer.stderr


@pytest.mark.embedded
class TestPush:
    def test_version_is_pushed_once(self, slipway: Slipway, directory: Path, platform: EmbeddedAws) -> None:
        """
        The same image again is already there (0); another one under the same tag is refused (1).
        """
        first = slipway("model", "push", directory, "--tag", "1.0.0", "--json")
        again = slipway("model", "push", directory, "--tag", "1.0.0", "--json")
        (directory / "model.py").write_text((directory / "model.py").read_text() + "# changed\n")
        other = slipway("model", "push", directory, "--tag", "1.0.0", "--json")

        assert (first.exit_code, first.json["outcome"]) == (0, "pushed")
        assert first.json["image"] == f"{platform.registry}/models/homes/rents:1.0.0"
        assert (again.exit_code, again.json["outcome"], again.json["sent_bytes"]) == (0, "already there", 0)
        assert other.exit_code == 1
        assert "tags are immutable" in other.stderr
        (image,) = platform.client("ecr").batch_get_image(
            repositoryName="models/homes/rents", imageIds=[{"imageTag": "1.0.0"}]
        )["images"]
        assert json.loads(image["imageManifest"])["config"]["digest"]
        assert image["imageId"]["imageDigest"] == first.json["digest"]
