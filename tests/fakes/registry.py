"""An image registry in memory."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from slipway.contracts.names import MANIFEST_LABEL
from slipway.domain.image import DOCKER_MANIFEST, PushedImage, RegistryManifest

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def digest_of(text: str) -> str:
    """``sha256:…`` of a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class FakeRegistry:
    """Port ``ImageRegistry``."""

    def __init__(self) -> None:
        self.manifests: dict[tuple[str, str], RegistryManifest] = {}
        self.blobs: dict[str, bytes] = {}
        self.pushed: list[PushedImage] = []
        self.reads = 0
        self.scans: dict[tuple[str, str], Any] = {}
        self.closed: set[str] = set()
        """Repositories that can't be looked into."""

    def push(
        self,
        repository: str,
        tag: str,
        label: str | None,
        *,
        media_type: str = DOCKER_MANIFEST,
        architecture: str = "amd64",
        pushed_at: Any = None,
        labels: Mapping[str, str] | None = None,
    ) -> str:
        """Push an image whose configuration carries ``label``, and others; returns its digest."""
        labels = {MANIFEST_LABEL: label, **(labels or {})} if label is not None else labels
        config = json.dumps(
            {"os": "linux", "architecture": architecture, "config": {"Labels": labels}, "tag": tag}
        )
        self.blobs[digest_of(config)] = config.encode()
        return self.push_manifest(
            repository, tag, {"config": {"digest": digest_of(config)}}, media_type, pushed_at=pushed_at
        )

    def push_manifest(
        self, repository: str, tag: str, document: dict[str, Any], media_type: str, *, pushed_at: Any = None
    ) -> str:
        """Push any manifest; an empty tag leaves it untagged."""
        digest = digest_of(json.dumps([document, media_type]))
        manifest = RegistryManifest(f"{HOST}/{repository}", digest, media_type, document)
        self.manifests[repository, digest] = manifest
        if tag:
            self.manifests[repository, tag] = manifest
            if pushed_at is not None:
                self.pushed.append(PushedImage(repository, tag, digest, pushed_at))
        return digest

    def tag(self, repository: str, digest: str, tag: str) -> None:
        """Push an image that is there under one more tag."""
        self.manifests[repository, tag] = self.manifests[repository, digest]

    def scan(self, repository: Any, digest: Any) -> Any:
        return self.scans.get((repository, digest)) or {"status": "missing", "findings": {}, "reason": "off"}

    def manifest(self, repository: Any, reference: Any) -> Any:
        self.reads += 1
        return self.manifests.get((repository, reference))

    def blob(self, repository: Any, digest: Any) -> Any:
        return self.blobs[digest]

    def repositories(self, prefix: Any) -> Any:
        return iter(
            sorted({image.repository for image in self.pushed if image.repository.startswith(f"{prefix}/")})
        )

    def pushed_since(self, repository: Any, since: Any) -> Any:
        if repository in self.closed:
            raise ConnectionError(f"{repository} can't be looked into")
        return (image for image in self.pushed if image.repository == repository and image.pushed_at >= since)
