"""Files of state: written whole or not at all, long bytes beside them, readdressed when the server moves."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG_BYTES: Final = 16 << 10
"""Longer byte strings (code, layers) are kept by their digest, once, and not as text."""
BLOB: Final = "__slipway_blob__"


class Snapshots:
    """``<folder>/<key>.json`` for each service, ``<folder>/blobs/<sha256>`` for their long bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blobs = folder / "blobs"
        self._written: dict[str, str] = {}

    def write(self, key: str, document: dict[str, Any]) -> None:
        """Replace a service's file, unless it says the same already."""
        text = json.dumps(document, default=self._encode)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if self._written.get(key) == digest:
            return
        path = self._folder / f"{key}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(text)
        temporary.replace(path)
        self._written[key] = digest

    def read(self, key: str) -> dict[str, Any] | None:
        """
        What a service's file says; None where there is none.

        Raises:
            ValueError: It can't be read.
        """
        path = self._folder / f"{key}.json"
        if not path.exists():
            return None
        document: dict[str, Any] = json.loads(path.read_text(), object_hook=self._decode)
        return document

    def set_aside(self, key: str) -> None:
        """Keep a file that can't be read from being overwritten."""
        path = self._folder / f"{key}.json"
        path.replace(path.with_suffix(".unreadable"))

    def forget_unused_blobs(self) -> None:
        """Delete long bytes that no file names any more."""
        if not self._blobs.exists():
            return
        named = {
            digest
            for path in self._folder.glob("*.json")
            for digest in re.findall(rf'"{BLOB}": "([0-9a-f]{{64}})"', path.read_text())
        }
        for blob in self._blobs.iterdir():
            if blob.name not in named:
                blob.unlink()

    def readdress(self, address: str) -> None:
        """
        Write ``address`` (host and port) wherever the state names the one that the server had before.

        Links in mails, image URIs in the ledger and variables of functions then
        lead to this server.
        """
        known = self._folder / "address"
        before = known.read_text() if known.exists() else address
        if before != address:
            for path in self._texts():
                text = path.read_text()
                moved = re.sub(rf"{re.escape(before)}(?!\d)", address, text)
                if moved != text:
                    temporary = path.with_suffix(".tmp")
                    temporary.write_text(moved)
                    temporary.replace(path)
        known.write_text(address)

    def _texts(self) -> Iterator[Path]:
        yield from self._folder.glob("*.json")
        yield from (self._folder / "journal").glob("*.jsonl")

    def _encode(self, value: Any) -> Any:
        if isinstance(value, (bytes, bytearray)) and len(value) > LONG_BYTES:
            digest = hashlib.sha256(value).hexdigest()
            path = self._blobs / digest
            if not path.exists():
                self._blobs.mkdir(exist_ok=True)
                temporary = path.with_suffix(".tmp")
                temporary.write_bytes(value)
                temporary.replace(path)
            return {BLOB: digest}
        return seams.PERSISTENCE.encode(value)

    def _decode(self, document: dict[str, Any]) -> Any:
        if BLOB in document:
            return (self._blobs / document[BLOB]).read_bytes()
        return seams.PERSISTENCE.decode(document)
