"""Makes a new model from a template: it checks, trains and builds as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError
from slipway.domain.manifest import Manifest
from workbench.images.model_directory import MANIFEST_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATES: Final = Path(__file__).with_name("templates")
COMMON: Final = "common"
_LEFT_BY_TOOLS: Final = frozenset({"__pycache__", ".ruff_cache", ".pytest_cache", ".mypy_cache"})


class DirectoryTakenError(SlipwayError):
    """A new model was to go where something lies."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{directory} is not empty; name a directory that does not exist yet")
        self.directory = directory


def scaffold(directory: Path, *, template: str, project: str, name: str) -> list[str]:
    """
    Write the template's files and its sample data into an empty directory; their relative paths.

    Raises:
        DirectoryTakenError: Something lies there.
        InvalidManifestError: Project or name are none that a manifest may have; nothing was written.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DirectoryTakenError(directory)
    written = {path: _filled(file, project, name) for path, file in _template(template)}
    Manifest.from_toml(written[MANIFEST_FILE].decode(), str(directory / MANIFEST_FILE))
    for path, file in _template(template):
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(written[path])
        shutil.copymode(file, target)
    _make_data(directory)
    return sorted([*written, "data/train/rows.csv", "data/holdout/rows.csv"])


def _template(template: str) -> Iterator[tuple[str, Path]]:
    for root in (TEMPLATES / COMMON, TEMPLATES / template):
        for file in sorted(root.rglob("*")):
            if file.is_file() and not _LEFT_BY_TOOLS.intersection(file.parts):
                yield file.relative_to(root).as_posix(), file


def _filled(file: Path, project: str, name: str) -> bytes:
    content = file.read_bytes()
    return content.replace(b"{{project}}", project.encode()).replace(b"{{name}}", name.encode())


def _make_data(directory: Path) -> None:
    """Run the template's generator; it needs no more than this Python and numpy."""
    subprocess.run([sys.executable, "-B", "make_data.py"], cwd=directory, check=True)
