"""Image layers on disk: unpacked once each, content-addressed, put together with whiteouts honoured."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workbench import archives

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"
_GZIP: Final = b"\x1f\x8b"


def unpack_layer(blob: bytes, target: Path) -> None:
    """
    Unpack one layer (tar or tar+gzip) into ``target``, beside the list of what it removes (``removes.json``).

    The directory appears whole or not at all, so a killed server leaves nothing half unpacked.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=target.parent))
    files = scratch / "files"
    files.mkdir()
    removes: list[str] = []
    stream = io.BytesIO(gzip.decompress(blob) if blob[:2] == _GZIP else blob)
    with tarfile.open(fileobj=stream) as archive:
        for member in archive:
            name = member.name.removeprefix("./").rstrip("/")
            if Path(name).name.startswith(WHITEOUT):
                removes.append(name)
                continue
            if not member.isdev():
                archives.extract(archive, archives.within(member, files), files, set_attrs=not member.isdir())
    (scratch / "removes.json").write_text(json.dumps(removes), encoding="utf-8")
    try:
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch)
        if not target.exists():
            raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_together(layers: Sequence[Path], root: Path) -> None:
    """
    Put unpacked layers together in ``root``, a new directory beside which it may be moved.

    A directory below ``/opt`` that one layer alone brings becomes a link to that layer's: an image that
    shares thousands of packages with the last one is put together at once.
    """
    owned = _owned(layers)
    for layer in layers:
        apply_layer(layer, root, {name for name, owner in owned.items() if owner == layer})
    for name, layer in owned.items():
        link = root / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(os.path.relpath(layer / "files" / name, link.parent))


def _owned(layers: Sequence[Path]) -> dict[str, Path]:
    """Directories ``opt/<name>`` with the layer that alone brings them; none in images that hold more."""
    found: dict[str, list[Path]] = {}
    for layer in layers:
        files = layer / "files"
        plain = all(entry.name == "opt" and not entry.is_symlink() for entry in files.iterdir())
        if not plain or json.loads((layer / "removes.json").read_text(encoding="utf-8")):
            return {}
        for entry in (files / "opt").iterdir() if (files / "opt").is_dir() else ():
            found.setdefault(f"opt/{entry.name}", []).append(layer)
    return {
        name: owners[0]
        for name, owners in found.items()
        if len(owners) == 1 and (path := owners[0] / "files" / name).is_dir() and not path.is_symlink()
    }


def apply_layer(layer: Path, root: Path, without: Container[str] = ()) -> None:
    """
    Put an unpacked layer onto ``root``: first what it removes, then its files as hard links.

    Directories in ``without`` (relative paths) are left out.
    """
    for name in json.loads((layer / "removes.json").read_text(encoding="utf-8")):
        marked = root / name
        if marked.name == OPAQUE:
            for child in marked.parent.iterdir() if marked.parent.is_dir() else ():
                _remove(child)
        else:
            _remove(marked.with_name(marked.name.removeprefix(WHITEOUT)))
    files = layer / "files"
    for directory, subdirectories, names in os.walk(files):
        inside = Path(directory).relative_to(files)
        here = root / inside
        subdirectories[:] = [name for name in subdirectories if str(inside / name) not in without]
        for name in [*names, *(n for n in subdirectories if Path(directory, n).is_symlink())]:
            target = here / name
            if target.is_symlink() or target.exists():
                _remove(target)
            target.hardlink_to(Path(directory, name)) if not Path(
                directory, name
            ).is_symlink() else target.symlink_to(Path(directory, name).readlink())
        for name in subdirectories:
            target = here / name
            if Path(directory, name).is_symlink():
                continue
            if target.exists() and not target.is_dir():
                _remove(target)
            target.mkdir(exist_ok=True)
