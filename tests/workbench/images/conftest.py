"""A model small enough to build in every test."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from workbench.images.model_directory import ModelDirectory

if TYPE_CHECKING:
    from pathlib import Path

TOML = """
[model]
project = "pricing"
name = "rates"
[training]
instance_type = "ml.m5.large"
max_runtime_minutes = 5
[training.channels]
train = "rates:1.x"
[evaluation]
instance_type = "ml.m5.large"
max_runtime_minutes = 5
primary_metric = "mae"
[evaluation.channels]
holdout = "rates-holdout:1.0.0"
[evaluation.metrics.mae]
direction = "minimize"
[serving]
instance_type = "ml.m5.large"
[serving.sample]
body = "[]"
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelDirectory:
    """A model directory without requirements; caches are the test's own."""
    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    directory = tmp_path / "rates"
    directory.mkdir()
    (directory / "slipway.toml").write_text(TOML)
    for program in ("train", "evaluate", "serve"):
        (directory / program).write_text("#!/usr/bin/env python3\n")
        (directory / program).chmod(0o755)
    return ModelDirectory(directory)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with a module, data and a console script, so that nothing is fetched."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny/__init__.py": "NAMES = {'b', 'a', 'c'}\ndef main():\n    return NAMES in ({'x', 'y'}, 'z')\n",
        "tiny/broken.py": "this is no python\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
        "tiny-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
