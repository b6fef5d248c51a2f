"""The platform on an embedded AWS of its own, for benchmarks that need the whole."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slipway.contracts import names
from slipway.domain.semver import Version
from tests.conftest import EmbeddedAws
from tests.endtoend.laptop import Laptop
from workbench.cli.frame import Workspace
from workbench.cli.up import bring_up, prepare
from workbench.images.build import build
from workbench.images.credentials import of_ecr
from workbench.images.model_directory import ModelDirectory
from workbench.images.registry import Registry
from workbench.local import control
from workbench.local.deploy import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.images.image import Image

CREATED = 201


@contextlib.contextmanager
def scratch_home() -> Iterator[Path]:
    """A home for an embedded AWS; whatever runs there is stopped in the end, and the home deleted."""
    base = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
    before = os.environ.get("SLIPWAY_HOME")
    os.environ["SLIPWAY_HOME"] = str(base / "home")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield base / "home"
    finally:
        control.stop(base / "home")
        shutil.rmtree(base, ignore_errors=True)
        if before is None:
            del os.environ["SLIPWAY_HOME"]
        else:
            os.environ["SLIPWAY_HOME"] = before


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def platform(*, warmed: bool = True) -> Iterator[Laptop]:
    """
    A deployed platform.

    Args:
        warmed: As ``slipway up`` leaves it; False: no function has run or was prepared to.
    """
    with scratch_home() as home:
        workspace = Workspace(home=home)
        document = bring_up(workspace, port=free_port(), deploys=warmed)
        aws = EmbeddedAws(document["endpoint_url"], home, document["pid"])
        if not warmed:
            assembly = prepare(workspace, {})
            deployment = Deployment(
                workspace.client, account=aws.account, region=aws.region, progress=lambda _: None
            )
            deployment.deploy(assembly)
        yield Laptop(aws, home.parent)


@dataclass(frozen=True, slots=True)
class Shipment:
    """An image whose layers are in the registry already; its manifest is what starts a release."""

    registry: Registry
    image: Image
    tag: str

    def send(self) -> None:
        """Put the manifest: the push is accepted when this returns."""
        answer = self.registry.put_manifest(self.tag, self.image.manifest, self.image.media_types.manifest)
        assert answer.status == CREATED, (answer.status, answer.detail)


def load(laptop: Laptop, model: Path, tag: str) -> Shipment:
    """Build an image and upload all but its manifest."""
    directory = ModelDirectory(model)
    image = build(directory, Version.parse(tag)).image
    manifest = directory.manifest.model
    repository = names.repository(
        laptop.workspace.platform()["repository_prefix"], manifest.project, manifest.name
    )
    registry = Registry(laptop.aws.registry, repository, of_ecr(laptop.aws.client("ecr")))
    for layer in image.layers:
        if not registry.has_blob(layer.digest):
            registry.upload(layer.digest, layer.size, layer.open, _silent)
    registry.upload(image.config_digest, len(image.config), lambda: io.BytesIO(image.config), _silent)
    return Shipment(registry, image, tag)


def _silent(_bytes: int) -> None:
    return


def status_of_process(pid: int) -> dict[str, Any]:
    """``peak_mb`` and ``cpu_seconds`` of one process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    memory = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(line for line in memory.splitlines() if line.startswith("VmHWM"))
    ticks = os.sysconf("SC_CLK_TCK")
    return {
        "peak_mb": round(int(peak.split()[1]) / 1024, 1),
        "cpu_seconds": round((int(fields[11]) + int(fields[12])) / ticks, 2),
    }


def memory_of_tree(pid: int) -> dict[str, float]:
    """``processes`` and ``mb`` (shared pages divided among them) of a process and all below it (Linux)."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found, kilobytes = [pid], 0
    for one in found:  # grows while it is walked
        found += children.get(one, [])
    for one in found:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines()
            kilobytes += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return {"processes": len(found), "mb": round(kilobytes / 1024, 1)}
