from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from slipway.domain.image_source import image_source
from slipway.domain.semver import Version
from workbench.images.build import build
from workbench.images.docker_engine import (
    DockerBuildError,
    DockerMissingError,
    UnusableImageError,
    built_by_docker,
    read_archive,
)
from workbench.images.image import sha256
from workbench.images.layout import write_archive

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.images.model_directory import ModelDirectory

ENGINE = """#!/bin/sh
echo "$@" >> "$FAKE_DOCKER/calls"
case "$1 $2" in
  "version --format") [ -z "$FAKE_DOWN" ] || { echo "Cannot connect to the daemon" >&2; exit 1; };;
  "buildx version") [ -n "$FAKE_BUILDX" ];;
  "buildx build"|"build --"*) exit ${FAKE_EXIT:-0};;
  "image inspect") [ -n "$FAKE_BASE" ] && echo "$FAKE_BASE";;
  "save --output") cp "$FAKE_DOCKER/saved.tar" "$3";;
esac
"""


def saved(architecture: str = "amd64", **settings: Any) -> bytes:
    """What ``docker save`` writes for an image of one plain layer."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("usr"))
        text = b"Name: tiny\nVersion: 1.0\n"
        header = tarfile.TarInfo("usr/lib/python3/tiny-1.0.dist-info/METADATA")
        header.size = len(text)
        archive.addfile(header, io.BytesIO(text))
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": ["PATH=/usr/bin"], "Labels": {"maintainer": "me"}} | settings,
        "rootfs": {"type": "layers", "diff_ids": [sha256(layer.getvalue())]},
        "history": [{"created_by": "FROM"}],
    }
    content = json.dumps(config).encode()
    described = [{"Config": "blobs/c.json", "RepoTags": ["x"], "Layers": ["blobs/layer"]}]
    files = {
        "manifest.json": json.dumps(described).encode(),
        "blobs/c.json": content,
        "blobs/layer": layer.getvalue(),
    }
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w") as archive:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return result.getvalue()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: ModelDirectory) -> Path:
    """A directory that a program named docker, first on PATH, reads its answers from."""
    directory = tmp_path / "engine"
    directory.mkdir()
    (directory / "docker").write_text(ENGINE)
    (directory / "docker").chmod(stat.S_IRWXU)
    (directory / "saved.tar").write_bytes(saved())
    (model.path / "Dockerfile").write_text("FROM x\n")
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_DOCKER", str(directory))
    monkeypatch.setenv("FAKE_BUILDX", "1")
    return directory


class TestDockerEngine:
    def test_image_gets_runtime_labels_and_docker_media_types(
        self, model: ModelDirectory, engine: Path
    ) -> None:
        """
        What the engine built is completed, whatever media types the engine itself would have pushed.
        """
        with built_by_docker(model, Version.parse("1.2.0")) as built:
            image = built.image
            config = json.loads(image.config)

        assert json.loads(image.manifest)["mediaType"].startswith("application/vnd.docker.")
        assert config["config"]["Entrypoint"] == ["/opt/slipway/bin/entry"]
        assert "PATH=/opt/program:/usr/bin" in config["config"]["Env"]
        assert "PYTHONPATH=/opt/packages:/opt/slipway/lib" in config["config"]["Env"]
        assert [layer.name for layer in image.layers] == ["docker 1", "runtime", "manifest"]
        assert len(config["rootfs"]["diff_ids"]) == 3
        assert image.labels["maintainer"] == "me"
        assert image.labels["org.opencontainers.image.version"] == "1.2.0"
        assert image.labels["io.slipway.manifest"] == model.manifest.canonical()

    def test_builds_for_sagemaker_without_attestations(self, model: ModelDirectory, engine: Path) -> None:
        """
        Buildx makes one image for linux/amd64 and no index; the runtime is its context "slipway".
        """
        with built_by_docker(model, None):
            pass

        (build,) = [call for call in (engine / "calls").read_text().splitlines() if " build " in call]
        assert "--platform linux/amd64" in build
        assert "--provenance=false --sbom=false" in build
        assert "--build-context slipway=" in build
        assert "--label io.slipway.manifest={" in build

    def test_plain_build_does_where_there_is_no_buildx(
        self, model: ModelDirectory, engine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Podman and old engines build as well; a Dockerfile that copies the runtime finds it as an image.
        """
        monkeypatch.setenv("FAKE_BUILDX", "")
        (model.path / "Dockerfile").write_text("FROM x\nCOPY --from=slipway . /opt/slipway\n")

        with built_by_docker(model, None):
            pass

        builds = [line for line in (engine / "calls").read_text().splitlines() if line.startswith("build ")]
        assert len(builds) == 2
        assert builds[0].startswith("build --tag slipway ")
        assert "--provenance" not in builds[1]

    def test_image_says_what_it_was_made_of(
        self, model: ModelDirectory, engine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Base image and its digest, Python and libraries: read from the Dockerfile, the engine and the files.
        """
        (model.path / "Dockerfile").write_text("FROM python:3.13-slim AS one\nFROM one\n")
        (engine / "saved.tar").write_bytes(saved(Env=["PYTHON_VERSION=3.13.9"]))
        monkeypatch.setenv("FAKE_BASE", "python@sha256:12ab")

        with built_by_docker(model, None) as built:
            source = image_source(json.loads(built.image.config))

        assert source == {
            "base_image": "python:3.13-slim",
            "base_digest": "sha256:12ab",
            "python": "3.13.9",
            "libraries": {"tiny": "1.0"},
            "entry": True,
        }

    def test_own_entry_point_stays(self, model: ModelDirectory, engine: Path) -> None:
        """
        An image that keeps SageMaker's contract by itself is not touched but for its labels.
        """
        (engine / "saved.tar").write_bytes(saved(Entrypoint=["/serve.sh"]))

        with built_by_docker(model, None) as built:
            assert json.loads(built.image.config)["config"]["Entrypoint"] == ["/serve.sh"]
            assert len(built.image.layers) == 1

    def test_other_architecture_is_refused(self, model: ModelDirectory, engine: Path) -> None:
        """
        An image for arm64 would fail on SageMaker only after it was released.
        """
        (engine / "saved.tar").write_bytes(saved("arm64"))

        with pytest.raises(UnusableImageError, match="linux/arm64"), built_by_docker(model, None):
            pass

    def test_failed_build_is_told(
        self, model: ModelDirectory, engine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        The engine's exit code ends the command; its own words were shown.
        """
        monkeypatch.setenv("FAKE_EXIT", "17")

        with pytest.raises(DockerBuildError, match="exit code 17"), built_by_docker(model, None):
            pass

    def test_engine_that_is_down_is_told_with_what_to_do(
        self, model: ModelDirectory, engine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Docker that does not answer, or is not installed, is named with the ways out.
        """
        monkeypatch.setenv("FAKE_DOWN", "1")
        with pytest.raises(DockerMissingError, match=r"Cannot connect.*start Docker"):
            built_by_docker(model, None).__enter__()
        monkeypatch.setenv("PATH", str(engine.parent))
        with pytest.raises(DockerMissingError, match="no `docker` on PATH"):
            built_by_docker(model, None).__enter__()

    def test_directory_without_dockerfile_is_told(self, model: ModelDirectory, engine: Path) -> None:
        """
        Docker needs a Dockerfile.
        """
        (model.path / "Dockerfile").unlink()

        with pytest.raises(UnusableImageError, match="holds no Dockerfile"):
            built_by_docker(model, None).__enter__()


class TestReadArchive:
    def test_archive_that_we_write_reads_back(self, model: ModelDirectory, tmp_path: Path) -> None:
        """
        An image goes through the archive form that Docker loads and saves, and is the same image.
        """
        image = build(model).image
        write_archive(image, "pricing/rates:1.0.0", tmp_path / "image.tar")

        again = read_archive(tmp_path / "image.tar", tmp_path / "read")

        assert again.digest == image.digest
        assert [layer.diff_id for layer in again.layers] == [layer.diff_id for layer in image.layers]

    def test_changed_layer_is_noticed(self, tmp_path: Path) -> None:
        """
        A layer that is not what the configuration names is refused.
        """
        content = saved().replace(b"usr\0", b"usx\0", 1)
        (tmp_path / "image.tar").write_bytes(content)

        with pytest.raises(UnusableImageError, match="not those that its configuration names"):
            read_archive(tmp_path / "image.tar", tmp_path / "read")
