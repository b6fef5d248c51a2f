"""What a registry's image must be to train, to evaluate and to serve here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import MANIFEST_LABEL
from slipway.domain import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from slipway.domain.refusals import Refusal

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"

MEDIA_TYPES: Final = (DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX)
INDEXES: Final = (DOCKER_LIST, OCI_INDEX)


@dataclass(frozen=True, slots=True)
class RegistryManifest:
    """One manifest as the registry answers it: an image's, or an index of several."""

    repository_uri: str
    """``<registry>/<repository>``."""
    digest: str
    media_type: str
    document: Mapping[str, Any]

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEXES

    @property
    def uri(self) -> str:
        """The image, pinned by digest."""
        return f"{self.repository_uri}@{self.digest}"

    @property
    def config_digest(self) -> str:
        """Of the blob that holds the labels; empty when the manifest names none."""
        return str(self.document.get("config", {}).get("digest", ""))


@dataclass(frozen=True, slots=True)
class PushedImage:
    """A tag that the registry lists."""

    repository: str
    tag: str
    digest: str
    pushed_at: datetime


def amd64_of(index: RegistryManifest) -> str | Refusal:
    """
    The digest of an index's linux/amd64 image.

    Attestations (provenance, SBOM) stand in an index as platform unknown/unknown and are passed over.
    """
    platforms = []
    for entry in index.document.get("manifests", []):
        platform = entry.get("platform", {})
        words = f"{platform.get('os', '')}/{platform.get('architecture', '')}"
        if words == "linux/amd64":
            return str(entry["digest"])
        if words != "unknown/unknown":
            platforms.append(words)
    return refusals.no_amd64_image(platforms)


def refuse_media_type(image: RegistryManifest) -> Refusal | None:
    """
    Hosting takes Docker's media type only.

    CreateTrainingJob accepts OCI manifests, CreateModel answers "Unsupported manifest media type"
    (github.com/aws/amazon-sagemaker-feedback/issues/180): without this check a release would fail last.
    """
    return None if image.media_type == DOCKER_MANIFEST else refusals.oci_media_type(image.media_type)


def refuse_platform(config: Mapping[str, Any]) -> Refusal | None:
    """The platform that the image's own configuration names."""
    system, architecture = str(config.get("os", "")), str(config.get("architecture", ""))
    if (system, architecture) == ("linux", "amd64"):
        return None
    return refusals.wrong_architecture(system, architecture)


def manifest_label(config: Mapping[str, Any]) -> str | Refusal:
    """The model manifest that travels in the image; an image without any label has null for labels."""
    labels = (config.get("config") or {}).get("Labels") or {}
    return str(labels[MANIFEST_LABEL]) if MANIFEST_LABEL in labels else refusals.no_manifest()
