"""An image: its layers, its configuration and the manifest whose digest names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workbench.images.media_types import DOCKER, MediaTypes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.images.layers import Layer

NO_TIME: Final = "1970-01-01T00:00:00Z"
"""When an image was made that does not say so: the same image made twice has the same digest."""


@dataclass(frozen=True, slots=True)
class Image:
    """Everything that a push sends."""

    layers: tuple[Layer, ...]
    config: bytes
    manifest: bytes
    media_types: MediaTypes

    @property
    def digest(self) -> str:
        """What ``repository@digest`` names."""
        return sha256(self.manifest)

    @property
    def config_digest(self) -> str:
        return sha256(self.config)

    @property
    def labels(self) -> dict[str, str]:
        return dict(json.loads(self.config)["config"].get("Labels") or {})

    @property
    def size(self) -> int:
        """Bytes of all layers, compressed."""
        return sum(layer.size for layer in self.layers)


def sha256(content: bytes) -> str:
    """
    The digest as registries write it.

    >>> sha256(b"")[:19]
    'sha256:e3b0c44298fc'
    """
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def new_config(
    *,
    layers: Sequence[Layer],
    environment: Mapping[str, str],
    entrypoint: Sequence[str],
    labels: Mapping[str, str],
    working_directory: str,
    created: str = NO_TIME,
) -> dict[str, Any]:
    """The configuration of an image for linux/amd64."""
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Entrypoint": list(entrypoint),
            "WorkingDir": working_directory,
            "Labels": dict(labels),
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": created, "created_by": f"slipway: {layer.name}"} for layer in layers],
    }


def assemble(layers: Sequence[Layer], config: Mapping[str, Any], media_types: MediaTypes = DOCKER) -> Image:
    """Put layers and configuration together; equal input gives equal bytes."""
    body = _canonical(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_types.manifest,
        "config": {"mediaType": media_types.config, "size": len(body), "digest": sha256(body)},
        "layers": [
            {"mediaType": media_types.layer, "size": layer.size, "digest": layer.digest} for layer in layers
        ],
    }
    return Image(tuple(layers), body, _canonical(manifest), media_types)


def _canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
