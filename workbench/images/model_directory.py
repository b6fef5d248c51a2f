"""A model's directory: its manifest, and what its version control says of it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from slipway.domain.errors import SlipwayError
from slipway.domain.manifest import Manifest
from slipway.domain.semver import InvalidVersionError, Version

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_FILE: Final = "slipway.toml"
REQUIREMENTS_FILE: Final = "requirements.txt"


class NotAModelError(SlipwayError):
    """A directory holds no manifest."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"{directory} holds no {MANIFEST_FILE}, so that it is no model; "
            f"make one with `slipway model new {directory}`"
        )
        self.directory = directory


@dataclass(frozen=True)
class ModelDirectory:
    """What a directory says of the model in it."""

    path: Path

    @cached_property
    def manifest(self) -> Manifest:
        """
        The valid manifest.

        Raises:
            NotAModelError: There is none.
            InvalidManifestError: It has problems; all of them are named.
        """
        file = self.path / MANIFEST_FILE
        if not file.is_file():
            raise NotAModelError(self.path)
        return Manifest.from_toml(file.read_text(encoding="utf-8"), str(file))

    @property
    def requirements(self) -> Path:
        """The locked requirements; need not exist."""
        return self.path / REQUIREMENTS_FILE

    @cached_property
    def revision(self) -> str | None:
        """The commit that last touched the directory, ``+dirty`` if changed since; None: no git."""
        commit = self._git("log", "-1", "--format=%H", "--", ".")
        if not commit:
            return None
        return f"{commit}+dirty" if self._git("status", "--porcelain", "--", ".") else commit

    @cached_property
    def source(self) -> str | None:
        """Where the repository comes from, without a password; None: not known, or a mere folder."""
        url = self._git("remote", "get-url", "origin")
        return without_credentials(url) if url and is_address(url) else None

    def tagged_version(self) -> Version | None:
        """
        The highest semantic version among the git tags of the commit that is checked out.

        ``1.2.0`` and ``v1.2.0`` are for every model of the repository, ``hotel-rates-1.2.0`` and
        ``hotel-rates/1.2.0`` for the model of that name, and come first.
        """
        tags = (self._git("tag", "--points-at", "HEAD") or "").split()
        name = self.manifest.model.name
        own = [tag[len(name) + 1 :] for tag in tags if tag.startswith((f"{name}-", f"{name}/"))]
        for candidates in (own, tags):
            versions = [version for tag in candidates if (version := _version(tag))]
            if versions:
                return max(versions)
        return None

    def _git(self, *arguments: str) -> str | None:
        command = ["git", "-C", str(self.path), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None


def _version(tag: str) -> Version | None:
    try:
        return Version.parse(tag.removeprefix("v"))
    except InvalidVersionError:
        return None


def is_address(url: str) -> bool:
    """
    Whether a remote can be reached from elsewhere, as folders cannot.

    >>> [is_address(url) for url in ("https://example.com/a.git", "git@example.com:a.git", "/src/a", "../a", "file:///a")]
    [True, True, False, False, False]
    """
    if "://" in url:
        return not url.startswith("file:")
    host, colon, _ = url.partition(":")
    return bool(colon) and "/" not in host


def without_credentials(url: str) -> str:
    """
    A repository's address as it may stand in a public label.

    >>> without_credentials("https://me:secret@git.example.com/pricing.git")
    'https://git.example.com/pricing.git'
    """
    if not re.match(r"[a-z+]+://", url):
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
