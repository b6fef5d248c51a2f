"""Pushes an image: what the registry lacks is sent, the manifest last; a tag never moves."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.images.registry_errors import RegistryError, TagTakenError
from workbench.sizes import MEGABYTE, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.images.image import Image
    from workbench.images.registry import Registry

    Progress = Callable[[str], None]

REPORTED_STEP = 16 * MEGABYTE
"""A blob that is larger says how far it is, this often."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push went."""

    repository: str
    tag: str
    digest: str
    outcome: Literal["pushed", "already there"]
    sent_bytes: int
    seconds: float


def push(image: Image, registry: Registry, tag: str, progress: Progress) -> Pushed:
    """
    Make ``tag`` name ``image``.

    Raises:
        TagTakenError: It names another image.
        RegistryError: The registry refuses.
        RegistryUnreachableError: It does not answer.
    """
    start = time.perf_counter()
    there = registry.manifest_digest(tag)
    if there is not None and there != image.digest:
        raise TagTakenError(registry.repository, tag, there, image.digest)
    sent = 0
    if there is None:
        sent = _send_blobs(image, registry, progress)
        _send_manifest(image, registry, tag)
    return Pushed(
        repository=registry.repository,
        tag=tag,
        digest=image.digest,
        outcome="pushed" if there is None else "already there",
        sent_bytes=sent,
        seconds=time.perf_counter() - start,
    )


def _send_blobs(image: Image, registry: Registry, progress: Progress) -> int:
    sent = 0
    for layer in image.layers:
        shown = size(layer.size)
        if registry.has_blob(layer.digest):
            progress(f"{layer.name:<10} {shown:>9}  already there")
            continue
        progress(f"{layer.name:<10} {shown:>9}  uploading")
        registry.upload(layer.digest, layer.size, layer.open, _counter(layer.name, layer.size, progress))
        sent += layer.size
    if not registry.has_blob(image.config_digest):
        registry.upload(image.config_digest, len(image.config), lambda: io.BytesIO(image.config), _silent)
        sent += len(image.config)
    return sent


def _send_manifest(image: Image, registry: Registry, tag: str) -> None:
    response = registry.put_manifest(tag, image.manifest, image.media_types.manifest)
    if response.status in {200, 201}:
        return
    there = registry.manifest_digest(tag)
    if there is not None and there != image.digest:  # somebody else was quicker
        raise TagTakenError(registry.repository, tag, there, image.digest)
    raise RegistryError(
        registry.host, f"the manifest of {registry.repository}:{tag}", response.status, response.detail
    )


def _counter(name: str, total: int, progress: Progress) -> Callable[[int], None]:
    done = reported = 0

    def count(block: int) -> None:
        nonlocal done, reported
        done += block
        if done - reported >= REPORTED_STEP and done < total:
            reported = done
            progress(f"{name:<10} {done / MEGABYTE:.0f} of {total / MEGABYTE:.0f} MB")

    return count


def _silent(_block: int) -> None:
    """A configuration is too small to speak of."""
