"""Columns and rows of a Parquet file, read from its footer alone (https://parquet.apache.org/docs/file-format)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC: Final = b"PAR1"
_TRAILER: Final = struct.Struct("<I4s")

# Field numbers of FileMetaData and SchemaElement in parquet.thrift.
_SCHEMA, _ROWS = 2, 3
_TYPE, _NAME, _CHILDREN, _CONVERTED, _LOGICAL = 1, 4, 5, 6, 10

_PHYSICAL: Final = {0: "boolean", 1: "integer", 2: "integer", 3: "timestamp", 4: "number", 5: "number"}
"""BOOLEAN, INT32, INT64, INT96 (a timestamp by custom), FLOAT, DOUBLE; byte arrays are text."""
_CONVERTED_TYPES: Final = {5: "number", 6: "date", 9: "timestamp", 10: "timestamp"}
"""DECIMAL, DATE, TIMESTAMP_MILLIS, TIMESTAMP_MICROS."""
_LOGICAL_TYPES: Final = {5: "number", 6: "date", 8: "timestamp"}
"""Which member of the LogicalType union is set: DECIMAL, DATE, TIMESTAMP."""


class NotParquetError(ValueError):
    """A file's footer is not that of a Parquet file."""


def footer(file: Path) -> tuple[list[tuple[str, str]], int]:
    """
    The top-level columns as (name, type), and the number of rows.

    Raises:
        NotParquetError: The file is none, or is cut short.
    """
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        if size < len(_MAGIC) + _TRAILER.size:
            raise NotParquetError(f"{file} is too short")
        stream.seek(size - _TRAILER.size)
        length, magic = _TRAILER.unpack(stream.read())
        if magic != _MAGIC or length > size - _TRAILER.size:
            raise NotParquetError(f"{file} does not end as a Parquet file does")
        stream.seek(size - _TRAILER.size - length)
        content = stream.read(length)
    try:
        metadata = _Compact(content).structure()
        return _columns(metadata[_SCHEMA]), int(metadata[_ROWS])
    except (IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise NotParquetError(f"{file} has a footer that cannot be read: {error!r}") from error


def _columns(elements: list[dict[int, Any]]) -> list[tuple[str, str]]:
    """Of the flattened schema tree: the root's own children, groups named as such."""
    columns = []
    place = 1
    for _ in range(elements[0].get(_CHILDREN, 0)):
        element = elements[place]
        columns.append((element[_NAME].decode(), _kind(element)))
        place = _after(elements, place)
    return columns


def _after(elements: list[dict[int, Any]], place: int) -> int:
    children = elements[place].get(_CHILDREN, 0)
    place += 1
    for _ in range(children):
        place = _after(elements, place)
    return place


def _kind(element: dict[int, Any]) -> str:
    if element.get(_CHILDREN):
        return "group"
    logical = next(iter(element.get(_LOGICAL, {})), None)
    if logical in _LOGICAL_TYPES:
        return _LOGICAL_TYPES[logical]
    if element.get(_CONVERTED) in _CONVERTED_TYPES:
        return _CONVERTED_TYPES[element[_CONVERTED]]
    return _PHYSICAL.get(element[_TYPE], "text")


class _Compact:
    """Thrift's compact protocol, as much of it as a footer uses."""

    _STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = (
        0,
        1,
        2,
        3,
        7,
        8,
        9,
        10,
        11,
        12,
    )

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def structure(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != self._STOP:
            kind, delta = head & 0x0F, head >> 4
            number = number + delta if delta else self._zigzag()
            fields[number] = kind == self._TRUE if kind in {self._TRUE, self._FALSE} else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in {self._TRUE, self._FALSE, self._BYTE}:
            return self._byte()
        if kind == self._DOUBLE:
            return self._take(8)
        if kind == self._BINARY:
            return self._take(self._varint())
        if kind in {self._LIST, self._SET}:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()  # noqa: PLR2004 - 15: the count follows
            return [self._value(head & 0x0F) for _ in range(count)]
        if kind == self._MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            return [(self._value(kinds >> 4), self._value(kinds & 0x0F)) for _ in range(count)]
        return self.structure() if kind == self._STRUCT else self._zigzag()

    def _byte(self) -> int:
        self._place += 1
        return self._content[self._place - 1]

    def _take(self, count: int) -> bytes:
        taken = self._content[self._place : self._place + count]
        if len(taken) < count:
            raise IndexError(self._place)
        self._place += count
        return taken

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
