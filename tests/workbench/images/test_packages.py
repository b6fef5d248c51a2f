from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from workbench.images.packages import PackagesError, packages

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.images.model_directory import ModelDirectory


@pytest.fixture
def requirements(model: ModelDirectory, wheel: Path) -> Path:
    model.requirements.write_text(f"tiny @ {wheel.as_uri()}\n")
    return model.requirements


class TestPackages:
    def test_second_build_takes_them_from_the_cache(self, requirements: Path) -> None:
        """
        The same lock is installed once.
        """
        first, second = packages(requirements), packages(requirements)

        assert first is not None
        assert second is not None
        assert (first.reused, second.reused) == (False, True)
        assert first.layer == second.layer

    def test_layer_is_the_same_wherever_it_is_made(
        self, requirements: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Made anew in another place, bytecode and scripts included, the layer has the same digest.
        """
        first = packages(requirements)
        monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "elsewhere" / "deep"))
        second = packages(requirements)

        assert first is not None
        assert second is not None
        assert not second.reused
        assert second.layer.digest == first.layer.digest

    def test_modules_come_compiled(self, requirements: Path) -> None:
        """
        Bytecode is there, is used without a look at times, and what does not compile stays a source.
        """
        made = packages(requirements)

        assert made is not None
        cache = made.directory / "tiny" / "__pycache__"
        assert [file.name for file in cache.iterdir()] == [f"__init__.{sys.implementation.cache_tag}.pyc"]
        # An import that looked at the source would see the change.
        copy = made.directory.parent / "copy"
        shutil.copytree(made.directory, copy)
        (copy / "tiny" / "__init__.py").write_text("NAMES = 'changed'")
        program = "import tiny; print(sorted(tiny.NAMES))"
        command = [sys.executable, "-c", program]
        answer = subprocess.run(
            command, env={"PYTHONPATH": str(copy)}, capture_output=True, text=True, check=True
        )
        assert answer.stdout.strip() == "['a', 'b', 'c']"

    def test_names_no_path_of_this_machine(self, requirements: Path) -> None:
        """
        Console scripts find Python on PATH, and the installer's own notes are left out.
        """
        made = packages(requirements)

        assert made is not None
        script = made.directory / "bin" / "tiny"
        assert script.read_bytes().startswith(b"#!/usr/bin/env python3\n")
        with made.layer.open() as stream, tarfile.open(fileobj=stream, mode="r|gz") as archive:
            names = [member.name for member in archive]
        assert "opt/packages/tiny/__init__.py" in names
        assert not [name for name in names if name.endswith(("RECORD", "INSTALLER", ".lock"))]

    def test_no_requirements_are_no_layer(self, model: ModelDirectory) -> None:
        """
        A missing file, and one of comments, name no package.
        """
        assert packages(model.requirements) is None
        model.requirements.write_text("# nothing\n\n")
        assert packages(model.requirements) is None

    def test_what_cannot_be_installed_is_said_in_the_installers_words(self, model: ModelDirectory) -> None:
        """
        A requirement that is not there ends the build with its file and the reason; nothing is cached.
        """
        model.requirements.write_text("tiny @ file:///nowhere/tiny-1.0-py3-none-any.whl\n")

        for _ in range(2):
            with pytest.raises(PackagesError, match="nowhere") as caught:
                packages(model.requirements)
            assert caught.value.requirements == model.requirements

    def test_wrong_hash_is_refused(self, requirements: Path) -> None:
        """
        Hashes in the lock are demanded of what is installed.
        """
        requirements.write_text(requirements.read_text().strip() + " --hash=sha256:" + "0" * 64 + "\n")

        with pytest.raises(PackagesError, match=r"(?i)hash"):
            packages(requirements)
