"""The packages that functions carry: this repository's code, and the locked dependencies."""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOMS: Final = ("functions", "slipway")
"""What of the repository a function carries."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o644 << 16


class MissingLayerError(Exception):
    """The dependency layer was not built."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no dependency layer at {path}; build it with `make layer`")
        self.path = path


@dataclass(frozen=True, slots=True)
class Package:
    """A zip file, and the digest of what it holds."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Packages:
    """Code and dependencies; only functions that compute with arrays carry ``arrays``."""

    code: Package
    layer: Package
    arrays: Package


def pack_code(root: Path, target: Path) -> Package:
    """
    The sources below ``root`` that functions carry, as a zip file in ``target``.

    Its digest is of names and contents alone: the same code has the same digest
    on every machine, and CloudFormation sees no change where there is none.
    """
    digest = hashlib.sha256()
    files = [path for room in ROOMS for path in sorted((root / room).rglob("*.py"))]
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return _packed(root, files, target / f"functions-{digest.hexdigest()[:16]}.zip", digest.hexdigest())


def pack_layer(layer: Path, target: Path) -> Package:
    """
    The layer that ``make layer`` built, as a zip file in ``target``.

    Its digest is of names and sizes: versions are locked by hash, so that two
    layers of the same names and sizes hold the same files.

    Raises:
        MissingLayerError: There is none.
    """
    if not layer.is_dir():
        raise MissingLayerError(layer)
    digest = hashlib.sha256()
    files = sorted(Path(folder, name) for folder, _, names in os.walk(layer) for name in names)
    for path in files:
        digest.update(f"{path.relative_to(layer).as_posix()}\0{path.stat().st_size}\0".encode())
    return _packed(layer, files, target / f"{layer.name}-{digest.hexdigest()[:16]}.zip", digest.hexdigest())


def _packed(root: Path, files: Iterable[Path], path: Path, digest: str) -> Package:
    """One zip file instead of many small ones: it is copied and uploaded as it is, and written only once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                entry = zipfile.ZipInfo(file.relative_to(root).as_posix(), _EPOCH)
                entry.external_attr = _READABLE
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
        unfinished.replace(path)
    return Package(path, digest)
