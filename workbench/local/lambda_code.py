"""Code and layers of functions, unpacked once each under the home directory."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Final

RUNTIME_PACKAGES: Final = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
"""What Lambda's own Python runtime brings; a layer's copy goes before it."""


class CodeStore:
    """
    ``<directory>/<sha256>/`` per zip file.

    Python keeps its bytecode beside the sources there, so that each module is
    compiled once and not once per environment.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)

    def unpacked(self, archive: bytes) -> Path:
        """The directory that holds a zip file's content."""
        target = self._directory / hashlib.sha256(archive).hexdigest()[:32]
        with self._lock:
            if target.exists():
                return target
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(archive)) as file:
                for member in file.infolist():
                    path = file.extract(member, partial)
                    if mode := (member.external_attr >> 16) & 0o777:
                        Path(path).chmod(mode | 0o200)
            partial.mkdir(exist_ok=True)
            partial.replace(target)
        return target

    def layer(self, archive: bytes) -> Path:
        """
        As ``unpacked``, but what was compiled for Lambda's processor is this environment's own.

        A library that this environment lacks stays as it is: importing it says so.
        """
        target = self.unpacked(archive)
        with self._lock:
            for library in {path.relative_to(target).parts[1] for path in target.glob("python/*/**/*.so")}:
                found = None if library.endswith(".libs") else importlib.util.find_spec(library)
                place = target / "python" / library
                if found is None or found.origin is None or place.is_symlink():
                    continue
                shutil.rmtree(place)
                place.symlink_to(Path(found.origin).parent)
        return target

    def runtime(self) -> Path:
        """A directory that offers boto3 and what it needs, and nothing else of this virtual environment."""
        target = self._directory / "runtime"
        with self._lock:
            target.mkdir(exist_ok=True)
            for name in RUNTIME_PACKAGES:
                found = importlib.util.find_spec(name)
                if found is None or found.origin is None:
                    continue
                origin = Path(found.origin)
                source = origin.parent if origin.name == "__init__.py" else origin
                link = target / source.name
                if not link.is_symlink() or link.readlink() != source:
                    link.unlink(missing_ok=True)
                    link.symlink_to(source)
        return target
