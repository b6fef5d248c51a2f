"""
Builds a model's Dockerfile through any Docker API: for AWS, or with ``--engine docker``.

The engine only builds. What it built is read back with ``docker save``, given the
container runtime, and pushed by ``push.py``: so that media types are always the
ones that SageMaker hosting accepts, and nothing is sent under a tag that is taken.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.container import PACKAGES, PROGRAM
from slipway.contracts.names import LIBRARIES_LABEL
from slipway.domain.errors import SlipwayError
from slipway.domain.image_source import libraries_text
from workbench.archives import extract_all
from workbench.images.base_image import base_image
from workbench.images.build import (
    ENTRYPOINT,
    RUNTIME,
    Built,
    copy_runtime,
    labels,
    manifest_layer,
    runtime_layer,
)
from workbench.images.image import NO_TIME, Image, assemble
from workbench.images.layers import Layer
from workbench.images.libraries import in_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from slipway.domain.semver import Version
    from workbench.images.model_directory import ModelDirectory

PLATFORM: Final = "linux/amd64"
CONTEXT: Final = "slipway"
"""The named build context that holds the container runtime: ``COPY --from=slipway . /opt/slipway``."""
SYSTEM_PATH: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH": "",
}
"""What a container has where its image does not say."""
_GZIP: Final = b"\x1f\x8b"
_BLOCK: Final = 1 << 20


class DockerMissingError(SlipwayError):
    """No Docker API answers."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"this image has to be built by Docker, and {detail}; start Docker (or `podman system "
            "service` with DOCKER_HOST set to its socket), or push to the embedded AWS, which needs none"
        )
        self.detail = detail


class DockerBuildError(SlipwayError):
    """Docker could not build the image."""

    def __init__(self, command: Sequence[str], exit_code: int) -> None:
        super().__init__(f"`{' '.join(command[:3])}` ended with exit code {exit_code}; its words stand above")
        self.command, self.exit_code = tuple(command), exit_code


class UnusableImageError(SlipwayError):
    """What Docker built cannot run on SageMaker."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the image that Docker built cannot be used: {why}")
        self.why = why


@contextmanager
def built_by_docker(model: ModelDirectory, version: Version | None) -> Iterator[Built]:
    """
    The image of the model's Dockerfile; its layers lie in a directory that goes away afterwards.

    Raises:
        DockerMissingError: There is no Docker here.
        DockerBuildError: The Dockerfile cannot be built.
        UnusableImageError: The image is for another platform, or not readable.
    """
    start = time.perf_counter()
    if not (model.path / "Dockerfile").is_file():
        raise UnusableImageError(f"{model.path} holds no Dockerfile")
    has_buildx = _look_for_docker()
    known = labels(model, version)
    name = f"slipway-build/{model.manifest.model.project}/{model.manifest.model.name}"
    with tempfile.TemporaryDirectory(prefix="slipway-docker-") as scratch:
        archive, runtime = Path(scratch) / "image.tar", Path(scratch) / CONTEXT
        copy_runtime(runtime, model.manifest.canonical())
        if not has_buildx and _copies_runtime(model.path):
            # Without buildx there are no named contexts; an image of that name does as well.
            (runtime / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
            _run(["docker", "build", "--tag", CONTEXT, str(runtime)])
        _run(build_command(model.path, name, known, runtime if has_buildx else None))
        _run(["docker", "save", "--output", str(archive), name])
        known |= base_labels(model.path)
        image = read_archive(archive, Path(scratch) / "layers")
        finished = with_runtime(image, model.manifest.canonical(), known)
        yield Built(finished, time.perf_counter() - start, packages_reused=False)


def build_command(directory: Path, name: str, known: dict[str, str], runtime: Path | None) -> list[str]:
    """
    The command that builds and keeps the image in the engine's store.

    Args:
        directory: Holds the Dockerfile.
        name: What the image is called in the store.
        known: Its labels.
        runtime: The directory that the Dockerfile knows as ``slipway``; None: buildx is not there.
    """
    command = ["docker", "build"]
    if runtime is not None:
        # Attestations would make an index of it, which hosting refuses.
        command = ["docker", "buildx", "build", "--load", "--provenance=false", "--sbom=false"]
        command += ["--build-context", f"{CONTEXT}={runtime}"]
    command += ["--platform", PLATFORM, "--tag", name]
    for label, text in known.items():
        command += ["--label", f"{label}={text}"]
    return [*command, str(directory)]


def read_archive(archive: Path, scratch: Path) -> Image:
    """
    What ``docker save`` wrote; layers that are plain are compressed.

    Raises:
        UnusableImageError: The archive holds no image, or a layer is not what the configuration says.
    """
    with tarfile.open(archive) as saved:
        extract_all(saved, scratch)
    try:
        described = json.loads((scratch / "manifest.json").read_text(encoding="utf-8"))[0]
        config = json.loads((scratch / described["Config"]).read_bytes())
        diff_ids = config["rootfs"]["diff_ids"]
        files = [scratch / name for name in described["Layers"]]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise UnusableImageError(f"what `docker save` wrote cannot be read: {error!r}") from error
    platform = f"{config.get('os')}/{config.get('architecture')}"
    if platform != PLATFORM:
        raise UnusableImageError(f"it is for {platform}, and SageMaker runs {PLATFORM}")
    layers = [_compressed(file, f"docker {place}") for place, file in enumerate(files, start=1)]
    if [layer.diff_id for layer in layers] != diff_ids:
        raise UnusableImageError("its layers are not those that its configuration names")
    return assemble(layers, config)


def with_runtime(image: Image, manifest: str, known: dict[str, str]) -> Image:
    """
    The image with Slipway's labels, and with the container runtime unless it has an entry point of its own.

    With the runtime, the image's programs run as in one built without Docker; it needs a ``python3`` (3.8 or
    newer) on the image's PATH. An image with its own entry point keeps SageMaker's contract by itself.
    """
    config = json.loads(image.config)
    settings = config.setdefault("config", {})
    variables = dict(entry.split("=", 1) for entry in settings.get("Env") or [] if "=" in entry)
    libraries = libraries_text(*in_layers(image.layers, variables))
    settings["Labels"] = (settings.get("Labels") or {}) | known | {LIBRARIES_LABEL: libraries}
    layers = list(image.layers)
    if settings.get("Entrypoint") in (None, [], list(ENTRYPOINT)):
        settings["Entrypoint"] = list(ENTRYPOINT)
        settings["Env"] = _with_own_paths(settings.get("Env") or [])
        added = [runtime_layer(), manifest_layer(manifest, libraries)]
        layers += added
        config["rootfs"]["diff_ids"] += [layer.diff_id for layer in added]
        created = config.get("created") or NO_TIME
        config.setdefault("history", []).extend(
            {"created": created, "created_by": f"slipway: {layer.name}"} for layer in added
        )
    return assemble(layers, config)


def base_labels(directory: Path) -> dict[str, str]:
    """The base image's name, and its digest if the Dockerfile or the engine says it."""
    base = base_image((directory / "Dockerfile").read_text(encoding="utf-8"))
    if base is None:
        return {}
    digest = base.digest
    if not digest:
        # buildx may have pulled it past the engine's own store: then nobody here knows
        asked = _ask("image", "inspect", "--format", '{{join .RepoDigests " "}}', base.name)
        digests = asked.stdout.split() if asked.returncode == 0 else []
        digest = digests[0].partition("@")[2] if digests else ""
    known = {"name": base.name, "digest": digest}
    return {f"org.opencontainers.image.base.{name}": text for name, text in known.items() if text}


def _with_own_paths(variables: list[str]) -> list[str]:
    """
    The image's environment, in which its programs and the runtime's modules are found.

    Jobs may start ``evaluate`` by its name, without the entry point that would see to it.

    >>> _with_own_paths(["PATH=/opt/program:/usr/bin", "PYTHONPATH=/lib"])
    ['PATH=/opt/program:/usr/bin', 'PYTHONPATH=/opt/packages:/opt/slipway/lib:/lib']
    """
    known = dict(variable.split("=", 1) for variable in variables if "=" in variable)
    for name, own in (("PATH", [PROGRAM]), ("PYTHONPATH", [PACKAGES, f"{RUNTIME}/lib"])):
        there = [part for part in known.get(name, SYSTEM_PATH[name]).split(":") if part]
        known[name] = ":".join([*(part for part in own if part not in there), *there])
    return [f"{name}={value}" for name, value in known.items()]


def _copies_runtime(directory: Path) -> bool:
    """Whether the Dockerfile takes the runtime in by itself: ``COPY --from=slipway``."""
    return f"--from={CONTEXT}" in (directory / "Dockerfile").read_text(encoding="utf-8")


def _look_for_docker() -> bool:
    """Whether buildx is there; raises where nothing can build."""
    if shutil.which("docker") is None:
        raise DockerMissingError("there is no `docker` on PATH")
    version = _ask("version", "--format", "{{.Server.Version}}")
    if version.returncode:
        words = version.stderr.strip().splitlines()
        raise DockerMissingError(words[-1] if words else "`docker version` failed")
    return _ask("buildx", "version").returncode == 0


def _ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def _run(command: Sequence[str]) -> None:
    # Its progress goes to standard error, as all progress does.
    done = subprocess.run(command, stdout=2, check=False)
    if done.returncode:
        raise DockerBuildError(command, done.returncode)


def _compressed(file: Path, name: str) -> Layer:
    with file.open("rb") as stream:
        zipped = stream.read(2) == _GZIP
    if zipped:
        with gzip.open(file) as stream:
            diff_id = _digest(stream.read)
        with file.open("rb") as stream:
            return Layer(name, file, _digest(stream.read), diff_id, file.stat().st_size)
    target = file.with_name(file.name + ".gz")
    plain = hashlib.sha256()
    with (
        file.open("rb") as stream,
        target.open("wb") as out,
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0, compresslevel=1) as zipper,
    ):
        while block := stream.read(_BLOCK):
            plain.update(block)
            zipper.write(block)
    with target.open("rb") as stream:
        digest = _digest(stream.read)
    return Layer(name, target, digest, f"sha256:{plain.hexdigest()}", target.stat().st_size)


def _digest(read: Callable[[int], Any]) -> str:
    total = hashlib.sha256()
    while block := read(_BLOCK):
        total.update(block)
    return f"sha256:{total.hexdigest()}"
