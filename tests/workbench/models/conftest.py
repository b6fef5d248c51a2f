"""A new model, made once for the session: its packages are installed once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from workbench.images.model_directory import ModelDirectory
from workbench.models.scaffold import scaffold

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", params=["regression", "classification"])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that `slipway model new` made."""
    directory = tmp_path_factory.mktemp("new") / "rents"
    scaffold(directory, template=request.param, project="homes", name="rents")
    return directory


@pytest.fixture
def model(template: Path, tmp_path: Path) -> ModelDirectory:
    """A copy that a test may change."""
    return ModelDirectory(shutil.copytree(template, tmp_path / "rents"))
