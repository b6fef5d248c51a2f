"""The packages layer: a model's locked requirements, installed for this machine's Python, once per lock."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError
from workbench.images.cache import cache_directory
from workbench.images.layers import Entry, Layer, write_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = "opt/packages"
RECIPE: Final = "4"
"""Part of the cache's key: a change of how layers are made makes them anew."""
COMPILERS: Final = 4
"""Processes that compile bytecode; a fixed number, because each one's files are part of the result."""
_SHEBANG: Final = re.compile(rb"\A#!.*python[0-9.]*[^\n]*\n|\A#!/bin/sh\n'''exec' .*\n' '''\n")
_NOT_KEPT: Final = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
"""What an installer writes of itself: it names this machine's paths and times."""


class PackagesError(SlipwayError):
    """The requirements could not be installed."""

    def __init__(self, requirements: Path, detail: str) -> None:
        super().__init__(f"{requirements} could not be installed:\n{detail.strip()}")
        self.requirements, self.detail = requirements, detail


@dataclass(frozen=True, slots=True)
class Packages:
    """A model's dependencies as a layer, and as the directory that it was made from."""

    layer: Layer
    directory: Path
    """For ``PYTHONPATH`` on this machine; nothing may be written there."""
    reused: bool


def packages(requirements: Path) -> Packages | None:
    """
    The packages that a locked ``requirements.txt`` names; None: it names none.

    Raises:
        PackagesError: They cannot be installed, or are not what the hashes say.
    """
    text = requirements.read_text(encoding="utf-8") if requirements.exists() else ""
    if not _names_any(text):
        return None
    place = cache_directory() / "packages" / _key(text)
    reused = (place / "layer.json").exists()
    if not reused:
        _make(requirements, hashed="--hash=" in text, place=place)
    known = json.loads((place / "layer.json").read_text(encoding="utf-8"))
    return Packages(Layer("packages", place / "layer.tar.gz", **known), place / "tree", reused)


def _names_any(text: str) -> bool:
    lines = (line.strip() for line in text.splitlines())
    return any(line and not line.startswith("#") for line in lines)


def _key(text: str) -> str:
    subject = [RECIPE, sys.implementation.cache_tag, platform.python_version(), platform.machine(), text]
    return hashlib.sha256("\n".join(map(str, subject)).encode()).hexdigest()[:32]


def _make(requirements: Path, *, hashed: bool, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=place.parent) as scratch:
        made = Path(scratch) / "made"
        tree = made / "tree"
        tree.mkdir(parents=True)
        _install(requirements, tree, hashed=hashed)
        _compile(requirements, tree)
        layer = write_layer("packages", _entries(tree), made / "layer.tar.gz")
        known = {"digest": layer.digest, "diff_id": layer.diff_id, "size": layer.size}
        (made / "layer.json").write_text(json.dumps(known), encoding="utf-8")
        try:
            made.rename(place)
        except OSError:  # another build was quicker, or an earlier one was interrupted
            if not (place / "layer.json").exists():
                shutil.rmtree(place)
                made.rename(place)


def _install(requirements: Path, tree: Path, *, hashed: bool) -> None:
    command = [uv(), "pip", "install", "--target", str(tree), "--python", sys.executable]
    command += ["--link-mode", "copy", "--no-progress", "--only-binary", ":all:", "-r", str(requirements)]
    command += ["--require-hashes"] if hashed else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackagesError(requirements, done.stderr)
    for file in tree.rglob("*.dist-info/*"):
        if file.name in _NOT_KEPT:
            file.unlink()
    (tree / ".lock").unlink(missing_ok=True)
    for script in (tree / "bin").glob("*"):
        if script.is_file():
            # The installer wrote this machine's interpreter into its first line.
            script.write_bytes(_SHEBANG.sub(b"#!/usr/bin/env python3\n", script.read_bytes()))


def _compile(requirements: Path, tree: Path) -> None:
    """
    Compile to bytecode whose bytes depend on the sources alone: checked neither by time nor by hash.

    Marshalled code differs with what its process did before, so that every process begins afresh and
    has the same files in the same order on every machine.
    """
    files = sorted(str(file.relative_to(tree)) for file in tree.rglob("*.py"))
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONHASHSEED": "0"}
    program = str(Path(__file__).with_name("bytecode.py"))
    running = []
    for part in range(COMPILERS):
        child = subprocess.Popen(
            [sys.executable, "-S", "-X", "utf8", program, str(tree), f"/{ROOT}"],
            stdin=subprocess.PIPE, env=environment, text=True,
        )  # fmt: skip
        assert child.stdin is not None  # noqa: S101 - it is a pipe, as asked for
        child.stdin.write("\n".join(files[part::COMPILERS]))
        child.stdin.close()
        running.append(child)
    codes = [child.wait() for child in running]
    if any(codes):
        raise PackagesError(requirements, "its bytecode could not be compiled")


def _entries(tree: Path) -> Iterator[Entry]:
    for file in tree.rglob("*"):
        if file.is_symlink() or file.is_file():
            yield Entry.of(file, f"{ROOT}/{file.relative_to(tree).as_posix()}")


@functools.cache
def uv() -> str:
    """The uv program that came with this environment, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv") or "uv"
