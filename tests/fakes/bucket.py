"""The data bucket in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from workbench.data_sets.objects import ForeignObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FakeBucket:
    """What ``workbench.data_sets.objects.Bucket`` does, without S3."""

    def __init__(self) -> None:
        self.name = "data"
        self.objects: dict[str, bytes] = {}
        self.breaks_after: int | None = None
        """So many uploads are taken, then the connection is lost."""
        self._lock = threading.Lock()

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def read(self, key: str) -> str | None:
        content = self.objects.get(key)
        return None if content is None else content.decode()

    def create(self, key: str, content: bytes, media_type: str) -> bool:
        with self._lock:
            if key in self.objects:
                return False
            self.objects[key] = content
            return True

    def upload(self, key: str, file: Path, sha256: str) -> bool:
        with self._lock:
            if key in self.objects:
                if self.objects[key] != file.read_bytes():
                    raise ForeignObjectError(self.uri(key))
                return False
            if self.breaks_after == 0:
                raise ConnectionError("lost")
            if self.breaks_after is not None:
                self.breaks_after -= 1
            self.objects[key] = file.read_bytes()
            return True

    def download(self, key: str, target: Path) -> None:
        target.write_bytes(self.objects[key])

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        yield from [key for key in self.objects if key.startswith(prefix)]

    def folders(self, prefix: str) -> Iterator[str]:
        rests = [key.removeprefix(prefix) for key in self.objects if key.startswith(prefix)]
        yield from sorted({rest.partition("/")[0] for rest in rests if "/" in rest})
