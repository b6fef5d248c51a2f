"""Read what an image says of itself, from the registry and without pulling it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.domain import refusals
from slipway.domain.errors import RegistryAnswerError
from slipway.domain.image import amd64_of, manifest_label, refuse_media_type, refuse_platform
from slipway.domain.image_source import image_source
from slipway.domain.manifest import InvalidManifestError, Manifest
from slipway.domain.refusals import Refusal

if TYPE_CHECKING:
    from slipway.contracts.release import ImageSource
    from slipway.domain.image import RegistryManifest
    from slipway.usecases.ports import ImageRegistry


@dataclass(frozen=True, slots=True)
class InspectedImage:
    """An image that can be trained and hosted, with the manifest that it carries."""

    uri: str
    """``<registry>/<repository>@sha256:…``: of the linux/amd64 image, where an index was pushed."""
    digest: str
    manifest: Manifest
    source: ImageSource
    """How it was made, as far as it says."""


def inspect_image(
    repository: str, pushed: RegistryManifest, registry: ImageRegistry
) -> InspectedImage | Refusal:
    """
    From a pushed manifest or index to the image's own manifest label.

    Raises:
        RegistryAnswerError: The registry contradicts itself; trying again may help.
    """
    image = pushed
    if pushed.is_index:
        digest = amd64_of(pushed)
        if isinstance(digest, Refusal):
            return digest
        child = registry.manifest(repository, digest)
        if child is None:
            raise RegistryAnswerError(
                repository, digest, "the image index names it, but the registry has it not"
            )
        image = child
    refusal = refuse_media_type(image)
    if refusal is not None:
        return refusal
    if not image.config_digest:
        raise RegistryAnswerError(repository, image.digest, "its manifest names no configuration")
    try:
        config = json.loads(registry.blob(repository, image.config_digest))
    except ValueError as error:
        raise RegistryAnswerError(repository, image.config_digest, f"it is not JSON: {error}") from error
    refusal = refuse_platform(config)
    if refusal is not None:
        return refusal
    label = manifest_label(config)
    if isinstance(label, Refusal):
        return label
    try:
        manifest = Manifest.from_label(label)
    except InvalidManifestError as error:
        return refusals.invalid_manifest(error.problems)
    return InspectedImage(image.uri, image.digest, manifest, image_source(config))
