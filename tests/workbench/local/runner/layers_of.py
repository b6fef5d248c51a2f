"""Layers and a registry in memory, for tests of unpacking and running images."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def layer(files: Mapping[str, str], *, links: Mapping[str, str] | None = None, packed: bool = True) -> bytes:
    """A layer of executable files by path, and of symbolic links by path and target."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
        for path, target in (links or {}).items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return gzip.compress(plain.getvalue(), mtime=0) if packed else plain.getvalue()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class FakeRegistry:
    """What the image store reads of a registry."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes, str]] = {}
        self.reads: list[str] = []

    def manifest(self, repository: str, reference: str) -> tuple[str, bytes, str] | None:
        return self.manifests.get(f"{repository}@{reference}")

    def blob(self, _repository: str, digest: str) -> bytes | None:
        self.reads.append(digest)
        return self.blobs.get(digest)

    def put(self, content: bytes) -> dict[str, str]:
        """Keep a blob; its descriptor."""
        digest = digest_of(content)
        self.blobs[digest] = content
        return {"digest": digest}

    def push(self, repository: str, tag: str, *layers: bytes, **config: Any) -> str:
        """Keep an image under a tag; its digest."""
        document = {
            "config": self.put(json.dumps({"config": config}).encode()),
            "layers": [self.put(each) for each in layers],
        }
        return self.keep(repository, tag, document, DOCKER)

    def keep(self, repository: str, tag: str, document: dict[str, Any], media_type: str) -> str:
        """Keep a manifest or index under a tag and its digest."""
        body = json.dumps(document).encode()
        for reference in (tag, digest_of(body)):
            self.manifests[f"{repository}@{reference}"] = (digest_of(body), body, media_type)
        return digest_of(body)
