"""Model artifacts in memory."""

from __future__ import annotations

import io
import tarfile
from typing import Any

from slipway.domain.artifacts import ArtifactUnreadableError, digests_of


def packed(files: dict[str, bytes], *, mtime: int = 0, mode: str = "w:gz") -> bytes:
    """``model.tar.gz`` with these files, packed at this time."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mtime = len(content), mtime
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


class FakeArtifacts:
    """Port ``Artifacts``: archives by URI."""

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}
        self.removed: list[str] = []

    def put(self, uri: str, files: dict[str, bytes] | None = None) -> str:
        self.archives[uri] = packed(files or {"model.json": uri.encode()})
        return uri

    def digests(self, uri: Any) -> Any:
        if uri not in self.archives:
            raise ArtifactUnreadableError(uri, "there is no such object")
        return digests_of(io.BytesIO(self.archives[uri]), uri)

    def remove(self, uri: Any) -> Any:
        self.removed.append(uri)
        return self.archives.pop(uri, None) is not None

    def trained_by(self, prefix: Any) -> Any:
        folder = f"{prefix.rstrip('/')}/training/"
        return [
            uri for uri in sorted(self.archives) if uri.startswith(folder) and uri.endswith("/model.tar.gz")
        ]
