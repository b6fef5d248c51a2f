"""Which distributions an image holds, and which Python: read from its own files."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workbench.images.layers import Layer

_METADATA: Final = re.compile(r"\.(dist-info/METADATA|egg-info/PKG-INFO|egg-info)\Z")
_PATCH_LEVEL: Final = re.compile(r"(\A|/)include/python3[\w.]*/patchlevel\.h\Z")
_VERSION: Final = re.compile(rb'^#define\s+PY_VERSION\s+"(3[\w.+]*)"', re.MULTILINE)
_HEADER: Final = re.compile(r"^(Name|Version):[ \t]*(\S+)", re.MULTILINE)
_HEADER_BYTES: Final = 8192
_FIRST: Final = ("opt/program/", "opt/packages/", "usr/local/", "", "usr/")
"""Whose distribution is imported where several places hold one of that name; "" stands for all others."""
_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"


def in_directory(directory: Path) -> dict[str, str]:
    """Distribution to version, of a directory that packages were installed into."""
    files = (*directory.glob("*.dist-info/METADATA"), *directory.glob("*.egg-info/PKG-INFO"))
    found = {str(file.relative_to(directory)): file.read_bytes()[:_HEADER_BYTES] for file in files}
    return _distributions(found)


def in_layers(layers: Iterable[Layer], variables: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """
    The Python (empty: not known) and the distributions of an image.

    Args:
        layers: The lowest first.
        variables: The image's environment; official Python images say ``PYTHON_VERSION``.
    """
    files: dict[str, bytes] = {}
    for layer in layers:
        added: dict[str, bytes] = {}
        for path, content in _told(layer):
            folder, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
            if name == _OPAQUE:
                files = _without(files, folder)
            elif name.startswith(_WHITEOUT):
                files = _without(files, f"{folder}/{name.removeprefix(_WHITEOUT)}".removeprefix("./"))
            else:
                added[path] = content
        files |= added
    return variables.get("PYTHON_VERSION") or _python(files), _distributions(files)


def _told(layer: Layer) -> Iterator[tuple[str, bytes]]:
    """The files of a layer that say something, and those that take a lower layer's away."""
    with layer.open() as stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            path = member.name.removeprefix("./").lstrip("/")
            name = PurePosixPath(path).name
            if name.startswith(_WHITEOUT):
                yield path, b""
            elif member.isfile() and (_METADATA.search(path) or _PATCH_LEVEL.search(path)):
                content = archive.extractfile(member)
                if content is not None:
                    yield path, content.read(_HEADER_BYTES)


def _without(files: Mapping[str, bytes], gone: str) -> dict[str, bytes]:
    return {path: text for path, text in files.items() if path != gone and not path.startswith(f"{gone}/")}


def _distributions(files: Mapping[str, bytes]) -> dict[str, str]:
    found: dict[str, tuple[int, str, str]] = {}
    for path in sorted(files):
        if not _METADATA.search(path):
            continue
        head = files[path].decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")[0]
        said = dict(reversed(_HEADER.findall(head)))  # of a header that stands twice, the first
        name, version = said.get("Name", ""), said.get("Version", "")
        if not (name and version):
            continue
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key not in found or _rank(path) < found[key][0]:
            found[key] = (_rank(path), name, version)
    return {name: version for _, name, version in found.values()}


def _rank(path: str) -> int:
    for place, beginning in enumerate(_FIRST):
        if beginning and path.startswith(beginning):
            return place
    return _FIRST.index("")


def _python(files: Mapping[str, bytes]) -> str:
    """From the headers that a Python of its own installs; of several, the one that comes first on PATH."""
    headers = (path for path in files if _PATCH_LEVEL.search(path))
    for path in sorted(headers, key=lambda path: (_rank(path), path)):
        version = _VERSION.search(files[path])
        if version:
            return version[1].decode()
    return ""
