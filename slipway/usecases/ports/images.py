"""Images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from slipway.contracts.release import ImageScan
    from slipway.domain.image import PushedImage, RegistryManifest


class ImageRegistry(Protocol):
    """Where images are pushed to."""

    def manifest(self, repository: str, reference: str) -> RegistryManifest | None:
        """An image by ``sha256:…`` or tag; None when there is none."""

    def blob(self, repository: str, digest: str) -> bytes:
        """A blob whose digest was verified; RegistryAnswerError otherwise."""

    def repositories(self, prefix: str) -> Iterator[str]: ...

    def scan(self, repository: str, digest: str) -> ImageScan:
        """What the registry's scan of an image found, as far as it is."""

    def pushed_since(self, repository: str, since: datetime) -> Iterator[PushedImage]:
        """Tagged images, one per tag."""
