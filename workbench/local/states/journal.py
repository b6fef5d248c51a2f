"""
What survives a killed server: one append-only file for each execution.

Lines are JSON objects with a ``k``: ``start``, ``event``, ``frame``, ``drop``,
``answer``, ``redrive``, ``end``, ``told``. They are handed to the operating system before
anything is done that can't be done twice; a half-written last line is ignored.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from workbench.local.states.documents import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Journal:
    """One execution's file."""

    __slots__ = ("_buffer", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._buffer: list[str] = []

    def add(self, kind: str, record: dict[str, Any]) -> None:
        """Keep a record until the next flush."""
        self._buffer.append(to_text({"k": kind} | record))

    def flush(self) -> None:
        """Hand everything to the operating system: it outlives this process from here on."""
        if not self._buffer:
            return
        lines = "\n".join(self._buffer) + "\n"
        self._buffer.clear()
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, lines.encode())
        finally:
            os.close(descriptor)

    def delete(self) -> None:
        """There is no such execution any more."""
        self._buffer.clear()
        self.path.unlink(missing_ok=True)

    def records(self) -> Iterator[dict[str, Any]]:
        """All that was flushed, in order."""
        with self.path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # torn by a crash and appended to later


class Store:
    """The folder of journals and of the definitions that executions run."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._definitions: dict[str, str] = {}

    def journal(self, execution_arn: str) -> Journal:
        """``…/executions/<region>/<machine>/<name>.jsonl``."""
        parts = execution_arn.split(":")
        region, machine, name = parts[3], parts[6], parts[7]
        return Journal(
            self.home
            / "executions"
            / quote(region)
            / quote(machine, safe="")
            / f"{quote(name, safe='')}.jsonl"
        )

    def keep_definition(self, digest: str, text: str) -> None:
        """Write a definition once."""
        if digest in self._definitions:
            return
        path = self.home / "definitions" / f"{digest}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text)
        self._definitions[digest] = text

    def definition(self, digest: str) -> str:
        """
        Read one.

        Raises:
            FileNotFoundError: It was never kept.
        """
        if digest not in self._definitions:
            self._definitions[digest] = (self.home / "definitions" / f"{digest}.json").read_text()
        return self._definitions[digest]

    def journals(self) -> Iterator[Journal]:
        """Every execution's."""
        for path in sorted((self.home / "executions").glob("*/*/*.jsonl")):
            yield Journal(path)


def replace_file(path: Path, text: str) -> None:
    """Write a whole file or leave the old one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)
