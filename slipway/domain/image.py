"""What a registry's image must be to train, to evaluate and to serve here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class RegistryManifest:
    """One manifest as the registry answers it: an image's, or an index of several."""

    repository_uri: str
    """``<registry>/<repository>``."""
    digest: str
    media_type: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PushedImage:
    """A tag that the registry lists."""

    repository: str
    tag: str
    digest: str
    pushed_at: datetime
