from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from slipway.domain.manifest import InvalidManifestError
from workbench.models.scaffold import DirectoryTakenError, scaffold

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.images.model_directory import ModelDirectory


class TestScaffold:
    def test_model_has_everything_that_the_page_names(self, model: ModelDirectory) -> None:
        """
        Manifest, Dockerfile, three programs that can be run, data, a test, a lock and a readme.
        """
        wanted = ["Dockerfile", "README.md", "requirements.txt", "tests/test_model.py", "data/train/rows.csv"]

        assert [name for name in wanted if not (model.path / name).is_file()] == []
        assert all(os.access(model.path / name, os.X_OK) for name in ("train", "evaluate", "serve"))
        assert model.manifest.model.project == "homes"
        assert str(model.manifest.training.channels["train"]) == "rents:1.x"

    def test_no_place_is_left_unfilled(self, model: ModelDirectory) -> None:
        """
        The name stands wherever the template wants it.
        """
        files = [file for file in model.path.rglob("*") if file.is_file()]

        assert [
            file for file in files if b"{{" in file.read_bytes() and file.suffix in {".md", ".toml"}
        ] == []

    def test_directory_that_holds_something_is_left_alone(self, model: ModelDirectory) -> None:
        """
        Nothing is overwritten.
        """
        with pytest.raises(DirectoryTakenError, match="is not empty"):
            scaffold(model.path, template="regression", project="homes", name="rents")

    def test_impossible_name_writes_nothing(self, tmp_path: Path) -> None:
        """
        A name that no manifest may have is refused first.
        """
        with pytest.raises(InvalidManifestError, match=r"model\.name"):
            scaffold(tmp_path / "x", template="regression", project="homes", name="Rents!")

        assert not (tmp_path / "x").exists()
