"""The two packages that every function carries: this repository's code, and the locked dependencies."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOMS: Final = ("functions", "slipway")
"""What of the repository a function carries."""


class MissingLayerError(Exception):
    """The dependency layer was not built."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no dependency layer at {path}; build it with `make layer`")
        self.path = path


@dataclass(frozen=True, slots=True)
class Package:
    """A directory that becomes a zip file, and the digest that names it."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Packages:
    """Code and dependencies."""

    code: Package
    layer: Package


def _sources(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((root / room).rglob("*.py"))


def stage_code(root: Path, build: Path) -> Package:
    """
    Copy what functions carry to ``build/functions/<digest>``, unless it stands there.

    The digest is of names and contents alone, so that the same code has the
    same name on every machine, and CloudFormation sees no change where there is none.
    """
    digest = hashlib.sha256()
    contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in _sources(root)}
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    target = build / "functions" / digest.hexdigest()[:16]
    if not target.is_dir():
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        for name, content in contents.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            unfinished.rename(target)
        except OSError:  # another synthesis was faster
            shutil.rmtree(unfinished)
    return Package(target, digest.hexdigest())


def find_layer(path: Path) -> Package:
    """
    The layer that ``make layer`` built.

    Its digest is of names and sizes: versions are pinned by hash, so that two
    layers of the same names and sizes hold the same files.

    Raises:
        MissingLayerError: There is none.
    """
    if not path.is_dir():
        raise MissingLayerError(path)
    digest = hashlib.sha256()
    files = (Path(directory, name) for directory, _, names in os.walk(path) for name in names)
    for name, size in sorted((file.relative_to(path).as_posix(), file.stat().st_size) for file in files):
        digest.update(f"{name}\0{size}\0".encode())
    return Package(path, digest.hexdigest())
