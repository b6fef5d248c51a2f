"""Model images as directories: what the embedded registry holds, unpacked under the home directory."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from slipway.domain.errors import SlipwayError
from workbench.local.runner.layers import put_together, unpack_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX_TYPES: Final = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_REFERENCE: Final = re.compile(
    r"^(?:(?P<registry>[^/]*[.:][^/]*)/)?(?P<repository>[a-z0-9][a-z0-9._/-]*?)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


class ImageNotFoundError(SlipwayError):
    """The registry does not hold the image, or not whole."""

    def __init__(self, image: str, reason: str) -> None:
        super().__init__(f"image {image} cannot be run: {reason}; push it with `slipway model push`")
        self.image, self.reason = image, reason


class Registry(Protocol):
    """What the store reads of the embedded ECR."""

    def manifest(self, repository: str, reference: str) -> tuple[str, bytes, str] | None:
        """Digest, bytes and media type of a tag's or digest's manifest."""

    def blob(self, repository: str, digest: str) -> bytes | None:
        """A layer's or configuration's bytes."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """
    Where an image lies in the registry.

    >>> ImageReference.parse("0.dkr.ecr.x.amazonaws.com/models/a/b:1.2.0")
    ImageReference(repository='models/a/b', reference='1.2.0')
    """

    repository: str
    reference: str

    @classmethod
    def parse(cls, image: str) -> ImageReference:
        """Raises ImageNotFoundError for what is no image reference."""
        match = _REFERENCE.match(image)
        if match is None:
            raise ImageNotFoundError(image, "it is not a REGISTRY/REPOSITORY[:TAG][@DIGEST]")
        return cls(match["repository"], match["digest"] or match["tag"] or "latest")


@dataclass(frozen=True, slots=True)
class Image:
    """An unpacked image: its files and what its configuration says of running it."""

    digest: str
    """Of the manifest that the reference named (an index's own, where it named an index)."""
    root: Path
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    working_directory: str

    @property
    def whole_system(self) -> bool:
        """Whether it brings a root file system of its own, rather than directories under /opt alone."""
        return any((self.root / name).exists() for name in ("usr/bin", "bin", "usr/lib", "lib"))


class ImageStore:
    """Unpacks images under ``directory``: ``layers/<digest>``, ``images/<config digest>``; each once."""

    def __init__(self, directory: Path, registry: Registry) -> None:
        self._directory = directory
        self._registry = registry
        self._lock = threading.Lock()

    def digest(self, image: str) -> str:
        """The digest of what the reference names now, without unpacking it."""
        return self._manifest(image)[1]

    def media_type(self, image: str) -> str:
        """The media type of the manifest that the reference names."""
        return self._manifest(image)[3]

    def unpack(self, image: str) -> Image:
        """
        The image's files on disk, made on first use.

        Raises:
            ImageNotFoundError: The registry lacks it, a layer of it, or a linux/amd64 manifest.
        """
        repository, digest, body, media_type = self._manifest(image)
        manifest = json.loads(body)
        if media_type in INDEX_TYPES or "manifests" in manifest:
            manifest = self._platform_manifest(image, repository, manifest)
        config_digest = manifest["config"]["digest"]
        config_blob = self._blob(image, repository, config_digest)
        config = json.loads(config_blob).get("config") or {}
        with self._lock:
            root = self._root(
                image, repository, config_digest, [layer["digest"] for layer in manifest["layers"]]
            )
        return Image(
            digest=digest,
            root=root,
            entrypoint=tuple(config.get("Entrypoint") or ()),
            command=tuple(config.get("Cmd") or ()),
            environment=dict(entry.split("=", 1) for entry in config.get("Env") or () if "=" in entry),
            working_directory=config.get("WorkingDir") or "/",
        )

    def _manifest(self, image: str) -> tuple[str, str, bytes, str]:
        reference = ImageReference.parse(image)
        found = self._registry.manifest(reference.repository, reference.reference)
        if found is None:
            raise ImageNotFoundError(image, "the registry does not hold it")
        return reference.repository, *found

    def _platform_manifest(self, image: str, repository: str, index: dict[str, Any]) -> dict[str, Any]:
        for entry in index["manifests"]:
            platform = entry.get("platform") or {}
            if (platform.get("os"), platform.get("architecture")) == ("linux", "amd64"):
                found = self._registry.manifest(repository, entry["digest"])
                if found is not None:
                    document: dict[str, Any] = json.loads(found[1])
                    return document
        raise ImageNotFoundError(image, "its index names no linux/amd64 manifest that the registry holds")

    def _blob(self, image: str, repository: str, digest: str) -> bytes:
        blob = self._registry.blob(repository, digest)
        if blob is None:
            raise ImageNotFoundError(image, f"the registry lacks its blob {digest}")
        return blob

    def _root(self, image: str, repository: str, config_digest: str, layers: list[str]) -> Path:
        key = hashlib.sha256("\n".join([config_digest, *layers]).encode()).hexdigest()
        root = self._directory / "images" / key
        if root.exists():
            return root
        unpacked = [self._directory / "layers" / layer.replace(":", "-") for layer in layers]
        for digest, target in zip(layers, unpacked, strict=True):
            if not target.exists():
                unpack_layer(self._blob(image, repository, digest), target)
        root.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".merging-", dir=root.parent))
        scratch.chmod(0o755)
        put_together(unpacked, scratch)
        try:
            scratch.rename(root)
        except OSError:
            shutil.rmtree(scratch)
            raise
        return root
