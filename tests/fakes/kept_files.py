"""The data bucket's text files in memory."""

from __future__ import annotations

from typing import Any

from slipway.domain.texts import TooLarge


class FakeKeptFiles:
    """Port ``KeptFiles``."""

    def __init__(self, **files: str) -> None:
        self.files: dict[str, str] = dict(files)
        self.read_keys: list[str] = []

    def read(self, key: Any, *, limit: Any) -> Any:
        self.read_keys.append(key)
        text = self.files.get(key)
        if text is not None and len(text.encode()) > limit:
            return TooLarge(len(text.encode()), limit)
        return text

    def write(self, key: Any, text: Any) -> None:
        self.files[key] = text

    def keys(self, prefix: Any, *, after: Any = "") -> Any:
        yield from sorted(key for key in self.files if key.startswith(prefix) and key > after)

    def remove(self, keys: Any) -> None:
        for key in keys:
            self.files.pop(key, None)
