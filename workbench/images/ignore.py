"""``.slipwayignore``: which files of a model's directory stay out of its image."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE: Final = ".slipwayignore"
ALWAYS: Final = (
    ".git/", ".slipway/", ".venv/", "__pycache__/", "*.pyc", ".pytest_cache/", ".ruff_cache/", ".mypy_cache/",
    "/data/", "/tests/", "/build/", FILE, ".dockerignore", ".gitignore", ".DS_Store",
)  # fmt: skip
"""Data is named by the manifest and tests run before the build, so that neither is part of an image."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    expression: re.Pattern[str]
    folders_only: bool
    keeps: bool


@dataclass(frozen=True, slots=True)
class Ignore:
    """
    Patterns as in ``.gitignore``: ``*``, ``?``, ``**``, ``/`` at the beginning anchors, ``/`` at the end
    means folders, ``!`` keeps what an earlier pattern left out; the last match counts.
    """

    patterns: tuple[_Pattern, ...]

    @classmethod
    def of(cls, lines: Iterable[str]) -> Ignore:
        """
        Read patterns, one per line; empty lines and ``#`` comments are skipped.

        >>> ignore = Ignore.of(["*.csv", "!keep.csv"])
        >>> ignore.excludes("a/b.csv"), ignore.excludes("a/keep.csv")
        (True, False)
        """
        return cls(tuple(_pattern(line.strip()) for line in lines if line.strip() and line.strip()[0] != "#"))

    @classmethod
    def in_directory(cls, directory: Path) -> Ignore:
        """What is always left out, then what the directory's ``.slipwayignore`` says."""
        file = directory / FILE
        own = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return cls.of([*ALWAYS, *own])

    def excludes(self, path: str, *, folder: bool = False) -> bool:
        """Whether a path relative to the directory, with ``/`` between its parts, stays out."""
        out = False
        for pattern in self.patterns:
            if (folder or not pattern.folders_only) and pattern.expression.fullmatch(path):
                out = not pattern.keeps
        return out

    def files(self, directory: Path) -> Iterator[tuple[str, Path]]:
        """Every file that goes in, sorted, with its relative path; what lies in an excluded folder is out."""
        for parent, folders, names in os.walk(directory):
            here = Path(parent).relative_to(directory).as_posix()
            prefix = "" if here == "." else f"{here}/"
            links = [name for name in folders if (Path(parent) / name).is_symlink()]
            folders[:] = sorted(
                name
                for name in folders
                if name not in links and not self.excludes(prefix + name, folder=True)
            )
            for name in sorted([*names, *links]):
                if not self.excludes(prefix + name):
                    yield prefix + name, Path(parent) / name


def _pattern(line: str) -> _Pattern:
    keeps, line = line.startswith("!"), line.removeprefix("!")
    folders_only, line = line.endswith("/"), line.rstrip("/")
    anchored, line = "/" in line, line.removeprefix("/")
    expression = "" if anchored else "(?:.*/)?"
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", line):
        match piece:
            case "**/":
                expression += "(?:.*/)?"
            case "**":
                expression += ".*"
            case "*":
                expression += "[^/]*"
            case "?":
                expression += "[^/]"
            case _:
                expression += re.escape(piece)
    return _Pattern(re.compile(expression), folders_only, keeps)
