"""An image as one file: an archive that ``docker load`` and OCI tools both read."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.images.image import Image


def write_archive(image: Image, name: str, target: Path) -> None:
    """
    Write an OCI image layout with Docker's ``manifest.json`` beside it, as one tar file.

    Args:
        image: The image.
        name: ``repository:tag``, which ``docker load`` gives it.
        target: The file; overwritten.
    """
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": image.media_types.manifest,
                "digest": image.digest,
                "size": len(image.manifest),
                "annotations": {"org.opencontainers.image.ref.name": name.rpartition(":")[2]},
            }
        ],
    }
    docker = [
        {
            "Config": _blob(image.config_digest),
            "RepoTags": [name],
            "Layers": [_blob(layer.digest) for layer in image.layers],
        }
    ]
    with tarfile.open(target, "w") as archive:
        _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(archive, "index.json", _json(index))
        _add(archive, "manifest.json", _json(docker))
        _add(archive, _blob(image.digest), image.manifest)
        _add(archive, _blob(image.config_digest), image.config)
        for layer in {layer.digest: layer for layer in image.layers}.values():
            with contextlib.closing(layer.open()) as stream:
                _add_stream(archive, _blob(layer.digest), stream, layer.size)


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _json(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    _add_stream(archive, name, io.BytesIO(content), len(content))


def _add_stream(archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> None:
    header = tarfile.TarInfo(name)
    header.size = size
    archive.addfile(header, stream)
