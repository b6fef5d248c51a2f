"""Inputs of a batch transform cut into records, and records put together into requests."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MEGABYTE: Final = 1 << 20


class RecordTooLargeError(Exception):
    """One record is larger than a request may be."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"a record of {size} bytes is larger than MaxPayloadInMB allows ({limit} bytes)")
        self.size, self.limit = size, limit


def records_of(path: Path, *, split: str, compressed: bool) -> Iterator[bytes]:
    """
    The records of a file: its lines, without their ends, or the whole of it.

    Args:
        path: The input.
        split: ``Line`` or ``None``.
        compressed: By gzip.
    """
    with gzip.open(path) if compressed else path.open("rb") as file:
        if split == "None":
            yield file.read()
            return
        for line in file:
            if record := line.rstrip(b"\r\n"):
                yield record


def batches_of(records: Iterable[bytes], *, strategy: str, limit: int) -> Iterator[list[bytes]]:
    """
    Records for each request.

    Args:
        records: In order.
        strategy: ``SingleRecord``, or ``MultiRecord``: as many as fit.
        limit: Bytes of a request, the ends of lines included; 0: no limit.

    Raises:
        RecordTooLargeError: One of them does not fit alone.

    >>> list(batches_of([b"aa", b"bb", b"cc"], strategy="MultiRecord", limit=6))
    [[b'aa', b'bb'], [b'cc']]
    """
    batch: list[bytes] = []
    size = 0
    for record in records:
        if limit and len(record) > limit:
            raise RecordTooLargeError(len(record), limit)
        if batch and (strategy == "SingleRecord" or (limit and size + len(record) + 1 > limit)):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record) + 1
    if batch:
        yield batch
