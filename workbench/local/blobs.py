"""Image layers, configurations and manifests on disk, by what they contain."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from typing import TYPE_CHECKING

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
CHUNK_BYTES = 1 << 20


class DigestMismatchError(SlipwayError):
    """What was uploaded is not what its digest says."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"uploaded content is {actual}, not {expected}; upload it again")
        self.expected, self.actual = expected, actual


class BlobStore:
    """
    Content-addressed files under ``<directory>/sha256``, uploads in progress beside them.

    A blob appears under its digest whole or not at all, so that a killed server
    leaves none that is torn.
    """

    def __init__(self, directory: Path) -> None:
        self._blobs = directory / "sha256"
        self._uploads = directory / "uploads"
        for folder in (self._blobs, self._uploads):
            folder.mkdir(parents=True, exist_ok=True)
        for abandoned in self._uploads.iterdir():
            abandoned.unlink()

    def path(self, digest: str) -> Path | None:
        """Where a blob's file lies; None where it is not held."""
        if not _DIGEST.match(digest):
            return None
        file = self._blobs / digest.removeprefix("sha256:")
        return file if file.exists() else None

    def read(self, digest: str) -> bytes | None:
        """A blob's content; None where it is not held."""
        path = self.path(digest)
        return None if path is None else path.read_bytes()

    def put(self, content: bytes) -> str:
        """Keep a small blob; returns its digest."""
        upload = self.begin()
        upload.write(content)
        return upload.finish()

    def begin(self) -> Upload:
        """Start an upload."""
        return Upload(self._uploads / uuid.uuid4().hex, self._blobs)

    def chunks(self, path: Path, start: int = 0) -> Iterator[bytes]:
        """A file's content from ``start`` in pieces."""
        with path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


class Upload:
    """One blob on its way in; ``id`` names it to the client."""

    def __init__(self, path: Path, blobs: Path) -> None:
        self.id = path.name
        self.size = 0
        self._path = path
        self._blobs = blobs
        self._file = path.open("wb")
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Append to it."""
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def finish(self, digest: str | None = None) -> str:
        """
        Put it in its place; returns its digest.

        Raises:
            DigestMismatchError: The content has another digest; the upload is gone.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        actual = f"sha256:{self._hash.hexdigest()}"
        if digest is not None and digest != actual:
            self._path.unlink()
            raise DigestMismatchError(digest, actual)
        self._path.replace(self._blobs / self._hash.hexdigest())
        return actual

    def cancel(self) -> None:
        """Forget it."""
        self._file.close()
        self._path.unlink(missing_ok=True)
