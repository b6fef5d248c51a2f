"""Image layers: gzipped tar archives whose bytes depend on nothing but what is in them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EXECUTABLE: Final = 0o755
PLAIN: Final = 0o644
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a layer."""

    path: str
    """Inside the image, without a slash at its beginning."""
    content: bytes | Path
    """A path may be a symbolic link; the link itself goes into the layer."""
    executable: bool = False

    @classmethod
    def of(cls, file: Path, path: str) -> Entry:
        """The file as it lies on disk; of its mode only "executable" counts."""
        return cls(path, file, not file.is_symlink() and bool(file.stat().st_mode & 0o100))


@dataclass(frozen=True, slots=True)
class Layer:
    """A finished layer: its compressed bytes (or the file that holds them) and both of its digests."""

    name: str
    """For people: ``packages``, ``runtime``, ``program``."""
    content: bytes | Path
    digest: str
    """``sha256:…`` of the compressed bytes: what the manifest names."""
    diff_id: str
    """``sha256:…`` of the plain archive: what the configuration names."""
    size: int
    """Bytes, compressed."""

    def open(self) -> IO[bytes]:
        """The compressed bytes as a stream."""
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")


class _Sink(Protocol):
    def write(self, block: bytes, /) -> object: ...


class _Digesting:
    """Hands bytes on, and keeps their digest and number."""

    def __init__(self, target: _Sink) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, block: bytes) -> int:
        self._target.write(block)
        self._hash.update(block)
        self.size += len(block)
        return len(block)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def build_layer(name: str, entries: Iterable[Entry], *, compression: int = 6) -> Layer:
    """A layer held in memory: for what is small."""
    buffer = io.BytesIO()
    digest, diff_id, size = _write(entries, buffer, compression)
    return Layer(name, buffer.getvalue(), digest, diff_id, size)


def write_layer(name: str, entries: Iterable[Entry], target: Path, *, compression: int = 1) -> Layer:
    """A layer in a file: for what is large."""
    with target.open("wb") as file:
        digest, diff_id, size = _write(entries, file, compression)
    return Layer(name, target, digest, diff_id, size)


def _write(entries: Iterable[Entry], target: IO[bytes], compression: int) -> tuple[str, str, int]:
    """Sorted by path, no times, no owners, parent directories before what they hold."""
    compressed = _Digesting(target)
    file = cast("IO[bytes]", compressed)
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=compression) as zipped:
        plain = _Digesting(zipped)
        stream = cast("IO[bytes]", plain)
        with tarfile.open(mode="w|", fileobj=stream, format=tarfile.PAX_FORMAT, bufsize=_BLOCK) as archive:
            folders: set[str] = set()
            for entry in sorted(entries, key=lambda entry: entry.path):
                _add_folders(archive, entry.path, folders)
                _add(archive, entry)
    return compressed.digest, plain.digest, compressed.size


def _add_folders(archive: tarfile.TarFile, path: str, known: set[str]) -> None:
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        folder = "/".join(parts[:depth])
        if folder not in known:
            known.add(folder)
            header = tarfile.TarInfo(folder)
            header.type, header.mode = tarfile.DIRTYPE, EXECUTABLE
            archive.addfile(header)


def _add(archive: tarfile.TarFile, entry: Entry) -> None:
    header = tarfile.TarInfo(entry.path)
    header.mode = EXECUTABLE if entry.executable else PLAIN
    if isinstance(entry.content, bytes):
        header.size = len(entry.content)
        archive.addfile(header, io.BytesIO(entry.content))
    elif entry.content.is_symlink():
        header.type, header.linkname, header.mode = tarfile.SYMTYPE, str(entry.content.readlink()), 0o777
        archive.addfile(header)
    else:
        header.size = entry.content.stat().st_size
        with entry.content.open("rb") as file:
            archive.addfile(header, file)
