from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.models.checks import run_checks

if TYPE_CHECKING:
    from workbench.images.model_directory import ModelDirectory

needs_ruff = pytest.mark.skipif(
    not Path(sys.executable).with_name("ruff").exists() and shutil.which("ruff") is None,
    reason="ruff is not installed",
)


def outcomes(directory: Path) -> dict[str, str]:
    return {result.name: result.outcome for result in run_checks(directory)}


class TestChecks:
    @needs_ruff
    def test_new_model_passes_all(self, model: ModelDirectory) -> None:
        """
        What `slipway model new` writes is ready to be pushed.
        """
        assert outcomes(model.path) == dict.fromkeys(
            ("manifest", "programs", "requirements", "lint", "tests"), "ok"
        )

    def test_manifest_problems_are_all_listed(self, model: ModelDirectory) -> None:
        """
        A manifest with problems ends the checks, with one line for each problem.
        """
        file = model.path / "slipway.toml"
        file.write_text(file.read_text().replace("max_instances = 2", "max_instances = 0\nspeed = 1"))

        (result,) = run_checks(model.path)

        assert (result.outcome, len(result.detail)) == ("failed", 2)

    def test_each_mistake_is_found_by_its_check(self, model: ModelDirectory) -> None:
        """
        A program that cannot be run, a loose requirement and a failing test are told apart.
        """
        (model.path / "train").chmod(0o644)
        (model.path / "serve").unlink()
        model.requirements.write_text(model.requirements.read_text() + "\nrequests>=2\n")
        results = {result.name: result for result in run_checks(model.path) if result.name != "tests"}

        assert results["programs"].outcome == "failed"
        assert any("chmod +x" in line for line in results["programs"].detail)
        assert any(line.startswith("serve: ") for line in results["programs"].detail)
        assert results["requirements"].detail[0] == "requests>=2"

    def test_failing_test_fails_the_check(self, model: ModelDirectory) -> None:
        """
        The test's own words are the detail.
        """
        (model.path / "tests" / "test_model.py").write_text("def test_x():\n    assert 1 == 2\n")

        result = list(run_checks(model.path))[-1]

        assert (result.name, result.outcome) == ("tests", "failed")
        assert any("assert 1 == 2" in line for line in result.detail)

    def test_model_without_tests_is_told_so(self, model: ModelDirectory) -> None:
        """
        Nothing to run is neither a success nor a failure.
        """
        shutil.rmtree(model.path / "tests")

        assert outcomes(model.path)["tests"] == "skipped"
