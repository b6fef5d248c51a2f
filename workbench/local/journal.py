"""The changing requests to a service since its last snapshot, one line of JSON each."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import TextIOWrapper
    from pathlib import Path


class Journal:
    """The changing requests to one service since its last snapshot."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        self._file: TextIOWrapper | None = None
        self._lock = threading.Lock()
        self.generation = 0
        self.size = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        """Write one request down; the operating system has it when this returns."""
        line = json.dumps(entry)
        with self._lock:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = self._path(self.generation).open("a")
            self._file.write(line + "\n")
            self._file.flush()
            self.size += len(line)

    def advance(self) -> int:
        """Begin a new file; its number belongs into the snapshot that is taken now."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            self.generation += 1
            self.size = 0
            return self.generation

    def forget_before(self, generation: int) -> None:
        """Files that a snapshot has made superfluous."""
        for path, number in self._files():
            if number < generation:
                path.unlink(missing_ok=True)

    def entries(self, since: int) -> Iterator[dict[str, Any]]:
        """What to replay, in order; half a line at the end is left out."""
        self.generation = since
        for path, number in sorted(self._files(), key=lambda found: found[1]):
            if number < since:
                continue
            self.generation = number
            for line in path.read_text().splitlines():
                with contextlib.suppress(ValueError):
                    yield json.loads(line)

    def _path(self, generation: int) -> Path:
        return self._folder / f"{self._key}.{generation:08d}.jsonl"

    def _files(self) -> list[tuple[Path, int]]:
        found = self._folder.glob(f"{self._key}.*.jsonl")
        return [(path, int(path.suffixes[-2].strip("."))) for path in found]
