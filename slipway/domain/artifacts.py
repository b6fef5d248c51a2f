"""
What a model artifact is made of: the digest of its bytes, and one of what is in it.

Two trainings that came to the same model leave archives that differ in their packing times; their content
has one digest.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, Final, cast

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.contracts.ledger import ArtifactDigests

CHUNK_BYTES: Final = 1 << 20


class ArtifactUnreadableError(SlipwayError):
    """A model artifact is not there, or is no gzipped tar archive: SageMaker could not serve it either."""

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(
            f"the model artifact {uri} can't be read: {problem}; look at what the training job left there, "
            "and release the image anew"
        )
        self.uri, self.problem = uri, problem


class _Hashed:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.bytes = 0

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        chunk = self._stream.read(size)
        self.digest.update(chunk)
        self.bytes += len(chunk)
        return chunk


def digests_of(stream: IO[bytes], uri: str) -> ArtifactDigests:
    """
    Read ``model.tar.gz`` once, from its first byte to its last.

    Holds one chunk of it, and a line for each file that is in it.

    Args:
        stream: The archive; only ``read(size)`` is used.
        uri: For errors.

    Raises:
        ArtifactUnreadableError: It is no gzipped tar archive, or it ends too early.
    """
    hashed = _Hashed(stream)
    try:
        with gzip.GzipFile(fileobj=cast("IO[bytes]", hashed), mode="rb") as unpacked:
            # tarfile's own gzip reader takes an archive that ends too early for a whole one
            with tarfile.open(fileobj=unpacked, mode="r|", bufsize=CHUNK_BYTES) as archive:
                content = content_digest(_lines(archive))
            while unpacked.read(CHUNK_BYTES):  # to its checksum
                pass
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise ArtifactUnreadableError(uri, f"it is no gzipped tar archive ({error})") from error
    while hashed.read():  # what follows the archive's end is part of the file all the same
        pass
    return {
        "sha256": f"sha256:{hashed.digest.hexdigest()}",
        "content": content,
        "bytes": hashed.bytes,
    }


def content_digest(files: Iterable[tuple[str, str]]) -> str:
    """
    The digest of files by their own digests and paths, in whatever order they come.

    >>> one, two = ("aa", "model.json"), ("bb", "code/serve.py")
    >>> content_digest([one, two]) == content_digest([two, one])
    True
    """
    lines = sorted(f"{sha256} {path}\n".encode("utf-8", "surrogateescape") for sha256, path in files)
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return f"sha256:{digest.hexdigest()}"


def _lines(archive: tarfile.TarFile) -> Iterable[tuple[str, str]]:
    """Digest and path of each file; a link counts by where it leads, a directory not at all."""
    while (member := archive.next()) is not None:
        path = posixpath.normpath(member.name)
        if member.isfile():
            yield _digest_of(archive.extractfile(member)), path
        elif member.islnk() or member.issym():
            yield hashlib.sha256(member.linkname.encode("utf-8", "surrogateescape")).hexdigest(), f"{path}@"
        # tarfile remembers all that it saw, under a name that typeshed leaves out; nothing here goes back
        archive.members = []  # type: ignore[attr-defined]


def _digest_of(file: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while file is not None and (chunk := file.read(CHUNK_BYTES)):
        digest.update(chunk)
    return digest.hexdigest()
