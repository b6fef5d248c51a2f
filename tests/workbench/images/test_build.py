from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from slipway.domain.image_source import image_source
from slipway.domain.manifest import InvalidManifestError, Manifest
from slipway.domain.semver import Version
from workbench.images.build import build
from workbench.images.layout import write_archive
from workbench.images.media_types import DOCKER, OCI
from workbench.images.model_directory import ModelDirectory, NotAModelError, without_credentials

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.images.image import Image


def files(image: Image) -> dict[str, bytes]:
    """Every regular file of an image, later layers over earlier ones."""
    found: dict[str, bytes] = {}
    for layer in image.layers:
        with layer.open() as stream, tarfile.open(fileobj=io.BytesIO(stream.read())) as archive:
            for member in archive:
                if member.isfile():
                    extracted = archive.extractfile(member)
                    assert extracted is not None
                    found[member.name] = extracted.read()
    return found


def commit(directory: Path, *tags: str) -> str:
    """Put the directory under version control, with tags; the commit."""
    environment = {
        **os.environ,
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "n"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "n@example.com"),
    }
    commands = [["init", "-q"], ["add", "."], ["commit", "-qm", "x"], *(["tag", tag] for tag in tags)]
    for command in commands:
        subprocess.run(["git", "-C", str(directory), *command], check=True, env=environment)
    done = ["git", "-C", str(directory), "rev-parse", "HEAD"]
    return subprocess.run(done, check=True, capture_output=True, text=True).stdout.strip()


class TestBuild:
    def test_same_directory_gives_the_same_digest(self, model: ModelDirectory) -> None:
        """
        An image built twice is one image, whatever the clock says meanwhile.
        """
        first = build(model).image
        os.utime(model.path / "train", (1, 1))
        second = build(ModelDirectory(model.path)).image

        assert first.digest == second.digest

    def test_changed_program_gives_another_digest(self, model: ModelDirectory) -> None:
        """
        The digest pins the code.
        """
        first = build(model).image
        (model.path / "train").write_text("#!/bin/sh\n")

        assert build(ModelDirectory(model.path)).image.digest != first.digest

    def test_manifest_is_one_that_hosting_accepts(self, model: ModelDirectory) -> None:
        """
        Docker's media types, schema 2, linux/amd64, sizes and digests of what is there.
        """
        image = build(model).image
        manifest, config = json.loads(image.manifest), json.loads(image.config)

        assert manifest["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
        assert manifest["config"]["digest"] == image.config_digest
        assert [layer["digest"] for layer in manifest["layers"]] == [layer.digest for layer in image.layers]
        assert config["rootfs"]["diff_ids"] == [layer.diff_id for layer in image.layers]
        assert (config["os"], config["architecture"]) == ("linux", "amd64")
        assert config["config"]["Entrypoint"] == ["/opt/slipway/bin/entry"]
        assert "PATH=/opt/program:" in config["config"]["Env"][0]

    def test_oci_media_types_are_another_image(self, model: ModelDirectory) -> None:
        """
        The other family can be built as well, to show that it is refused.
        """
        image = build(model, media_types=OCI).image

        assert json.loads(image.manifest)["mediaType"] == OCI.manifest
        assert image.digest != build(model, media_types=DOCKER).image.digest

    def test_label_carries_the_whole_manifest(self, model: ModelDirectory) -> None:
        """
        The label reads back as the manifest that the directory has.
        """
        labels = build(model, Version.parse("1.2.0")).image.labels

        assert Manifest.from_label(labels["io.slipway.manifest"]) == model.manifest
        assert labels["org.opencontainers.image.version"] == "1.2.0"
        assert "org.opencontainers.image.created" not in labels

    def test_time_is_said_only_where_it_was_set(
        self, model: ModelDirectory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        SOURCE_DATE_EPOCH is the image's time; without it there is none.
        """
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

        image = build(model).image

        assert image.labels["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"
        assert json.loads(image.config)["created"] == "2023-11-14T22:13:20Z"

    def test_holds_program_runtime_and_manifest(self, model: ModelDirectory) -> None:
        """
        The model lies in /opt/program, the runtime with the manifest in /opt/slipway; tests and data do not.
        """
        (model.path / "data").mkdir()
        (model.path / "data" / "rows.csv").touch()

        found = files(build(model).image)

        assert found["opt/program/train"] == b"#!/usr/bin/env python3\n"
        assert found["opt/slipway/manifest.json"].decode() == model.manifest.canonical()
        assert b"python3" in found["opt/slipway/bin/entry"]
        assert not [name for name in found if "data" in name or name.endswith(".pyc")]

    def test_packages_are_the_first_layer(self, model: ModelDirectory, wheel: Path) -> None:
        """
        What changes least comes first, so that a push of new code sends little.
        """
        model.requirements.write_text(f"tiny @ {wheel.as_uri()}\n")

        built = build(model)

        assert [layer.name for layer in built.image.layers] == ["packages", "runtime", "program"]
        assert build(model).packages_reused

    def test_python_and_libraries_are_said(self, model: ModelDirectory, wheel: Path) -> None:
        """
        What was installed stands in the label, and where the runtime sees that it need not say it.
        """
        assert image_source(json.loads(build(model).image.config)) == {
            "python": platform.python_version(),
            "libraries": {},
            "entry": True,
        }
        model.requirements.write_text(f"tiny @ {wheel.as_uri()}\n")

        image = build(model).image

        assert image_source(json.loads(image.config))["libraries"] == {"tiny": "1.0"}
        assert files(image)["opt/slipway/libraries.json"].decode() == image.labels["io.slipway.libraries"]

    def test_commit_of_other_files_gives_the_same_digest(self, model: ModelDirectory) -> None:
        """
        A commit beside the model is no change of it: its steps are found in the cache.
        """
        commit(model.path.parent)
        before = build(ModelDirectory(model.path)).image.digest
        (model.path.parent / "beside.txt").write_text("x")
        commit(model.path.parent)

        assert build(ModelDirectory(model.path)).image.digest == before

    def test_invalid_manifest_is_not_built(self, model: ModelDirectory) -> None:
        """
        A directory without a manifest, or with one that has problems, gives no image.
        """
        (model.path / "slipway.toml").write_text("[model]\nproject = 1\n")
        with pytest.raises(InvalidManifestError, match=r"model\.project"):
            build(model)
        (model.path / "slipway.toml").unlink()
        with pytest.raises(NotAModelError, match="slipway model new"):
            build(ModelDirectory(model.path))


class TestModelDirectory:
    def test_revision_is_of_the_last_change_to_the_directory(self, model: ModelDirectory) -> None:
        """
        A commit elsewhere does not make another image; a change that is not committed is said.
        """
        revision = commit(model.path)

        assert model.revision == revision
        assert build(model).image.labels["org.opencontainers.image.revision"] == revision
        (model.path / "train").write_text("changed")
        assert ModelDirectory(model.path).revision == f"{revision}+dirty"

    def test_without_version_control_nothing_is_said(self, model: ModelDirectory) -> None:
        """
        A directory that is not under git has no revision, source or version.
        """
        assert (model.revision, model.source, model.tagged_version()) == (None, None, None)

    @pytest.mark.parametrize(
        ("tags", "version"),
        [
            (["1.2.0"], "1.2.0"),
            (["v1.2.0", "v1.10.0"], "1.10.0"),
            (["v3.0.0", "rates-1.3.0"], "1.3.0"),
            (["rates/v1.4.0", "other-9.0.0"], "1.4.0"),
            (["latest", "other-9.0.0"], "None"),
        ],
    )
    def test_version_comes_from_the_tags_of_the_commit(
        self, model: ModelDirectory, tags: list[str], version: str
    ) -> None:
        """
        The model's own tags come before those of the whole repository, and the highest is taken.
        """
        commit(model.path, *tags)

        assert str(model.tagged_version()) == version

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://me:secret@git.example.com/a.git", "https://git.example.com/a.git"),
            ("git@git.example.com:a.git", "git@git.example.com:a.git"),
            ("ssh://git@git.example.com:22/a.git", "ssh://git.example.com:22/a.git"),
        ],
    )
    def test_source_has_no_password(self, url: str, shown: str) -> None:
        """
        Labels are public: credentials in a remote's address do not reach them.
        """
        assert without_credentials(url) == shown


class TestArchive:
    def test_reads_as_oci_layout_and_as_docker_archive(self, model: ModelDirectory, tmp_path: Path) -> None:
        """
        The tar file holds every blob under its digest, with both families' indexes.
        """
        image = build(model).image
        write_archive(image, "pricing/rates:1.0.0", tmp_path / "image.tar")

        with tarfile.open(tmp_path / "image.tar") as archive:
            names = archive.getnames()
            index = json.load(archive.extractfile("index.json"))  # type: ignore[arg-type]
            docker = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert index["manifests"][0]["digest"] == image.digest
        assert docker[0]["RepoTags"] == ["pricing/rates:1.0.0"]
        assert {docker[0]["Config"], *docker[0]["Layers"]} < set(names)
