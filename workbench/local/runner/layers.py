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
from typing import Final

from workbench import archives

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


def apply_layer(layer: Path, root: Path) -> None:
    """Put an unpacked layer onto ``root``: first what it removes, then its files as hard links."""
    for name in json.loads((layer / "removes.json").read_text(encoding="utf-8")):
        marked = root / name
        if marked.name == OPAQUE:
            for child in marked.parent.iterdir() if marked.parent.is_dir() else ():
                _remove(child)
        else:
            _remove(marked.with_name(marked.name.removeprefix(WHITEOUT)))
    files = layer / "files"
    for directory, subdirectories, names in os.walk(files):
        here = root / Path(directory).relative_to(files)
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
