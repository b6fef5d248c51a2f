"""Builds a model's image without Docker: for the embedded AWS, which runs it on this machine's Python."""

from __future__ import annotations

import os
import platform
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slipway.contracts.container import ENTRY, PACKAGES, PROGRAM
from slipway.contracts.names import LIBRARIES_LABEL, MANIFEST_LABEL
from slipway.domain.image_source import libraries_text
from workbench.images.ignore import Ignore
from workbench.images.image import NO_TIME, Image, assemble, new_config
from workbench.images.layers import Entry, Layer, build_layer
from workbench.images.libraries import in_directory
from workbench.images.media_types import DOCKER, MediaTypes
from workbench.images.packages import packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.domain.semver import Version
    from workbench.images.model_directory import ModelDirectory

RUNTIME_SOURCE: Final = Path(__file__).resolve().parents[2] / "container"
RUNTIME: Final = "/opt/slipway"
MANIFEST_PATH: Final = f"{RUNTIME}/manifest.json".lstrip("/")
LIBRARIES_PATH: Final = f"{RUNTIME}/libraries.json".lstrip("/")
"""Where it is, ``train`` does not write the image's libraries to its log: the label has them."""
ENTRYPOINT: Final = (ENTRY,)
ENVIRONMENT: Final = {
    "PATH": f"{PROGRAM}:{PACKAGES}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH": f"{PACKAGES}:{RUNTIME}/lib",
    "PYTHONUNBUFFERED": "1",
}
RUNTIME_LEAVES_OUT: Final = Ignore.of(["__pycache__/", "*.pyc", "/tests/", "*.md", "*.toml"])


@dataclass(frozen=True, slots=True)
class Built:
    """An image, and how it came about."""

    image: Image
    seconds: float
    packages_reused: bool
    """Whether the packages layer was there already; true also where there is none."""


def build(model: ModelDirectory, version: Version | None = None, media_types: MediaTypes = DOCKER) -> Built:
    """
    Build the image of a model; the same files give the same digest.

    Args:
        model: Its directory.
        version: For the label ``org.opencontainers.image.version``.
        media_types: Docker's; hosting refuses OCI's.

    Raises:
        InvalidManifestError: The manifest has problems.
        PackagesError: The requirements cannot be installed.
    """
    start = time.perf_counter()
    installed = packages(model.requirements)
    libraries = libraries_text(
        platform.python_version(), in_directory(installed.directory) if installed else {}
    )
    layers = [installed.layer] if installed else []
    layers += [runtime_layer(), program_layer(model, libraries)]
    config = new_config(
        layers=layers,
        environment=ENVIRONMENT,
        entrypoint=ENTRYPOINT,
        labels=labels(model, version) | {LIBRARIES_LABEL: libraries},
        working_directory=PROGRAM,
        created=created() or NO_TIME,
    )
    image = assemble(layers, config, media_types)
    return Built(image, time.perf_counter() - start, installed is None or installed.reused)


def labels(model: ModelDirectory, version: Version | None) -> dict[str, str]:
    """What an image says of itself; what is not known is left out."""
    known = {
        MANIFEST_LABEL: model.manifest.canonical(),
        "org.opencontainers.image.title": model.manifest.model.name,
        "org.opencontainers.image.revision": model.revision,
        "org.opencontainers.image.source": model.source,
        "org.opencontainers.image.created": created(),
        "org.opencontainers.image.version": str(version) if version else None,
    }
    return {name: text for name, text in known.items() if text}


def created() -> str | None:
    """``SOURCE_DATE_EPOCH`` (https://reproducible-builds.org) as a time; None: it is not set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%dT%H:%M:%SZ}" if epoch.isdigit() else None


def runtime_layer() -> Layer:
    """The container runtime: the entry point, and the front that adds the identity headers."""
    return build_layer("runtime", _files(RUNTIME_SOURCE, RUNTIME, RUNTIME_LEAVES_OUT))


def manifest_layer(manifest: str, libraries: str) -> Layer:
    """What the runtime reads: the manifest for the programs' command lines, and that libraries are known."""
    return build_layer("manifest", _runtime_files(manifest, libraries))


def program_layer(model: ModelDirectory, libraries: str) -> Layer:
    """The model's own files, and those that the runtime reads."""
    files = _files(model.path, PROGRAM, Ignore.in_directory(model.path))
    return build_layer("program", [*_runtime_files(model.manifest.canonical(), libraries), *files])


def copy_runtime(target: Path, manifest: str) -> None:
    """Write what becomes ``/opt/slipway`` into a directory that does not exist yet."""
    for path, file in RUNTIME_LEAVES_OUT.files(RUNTIME_SOURCE):
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
    (target / "manifest.json").write_text(manifest, encoding="utf-8")


def _runtime_files(manifest: str, libraries: str) -> list[Entry]:
    return [Entry(MANIFEST_PATH, manifest.encode()), Entry(LIBRARIES_PATH, libraries.encode())]


def _files(directory: Path, root: str, ignore: Ignore) -> Iterator[Entry]:
    for path, file in ignore.files(directory):
        yield Entry.of(file, f"{root.lstrip('/')}/{path}")
