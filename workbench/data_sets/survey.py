"""What lies at a path: every file with its digest, and the shape of the tables among them."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.domain.data_sets import Column, DataFile, InvalidDataSetError
from workbench.data_sets import csv_shape, parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_KEY_BYTES: Final = 900
"""S3 allows 1,024; the rest is for project, name and version."""
_LEFT_OUT: Final = frozenset({".DS_Store", ".git", "__pycache__", ".gitignore", ".gitkeep"})


@dataclass(frozen=True, slots=True)
class Survey:
    """The files of a data set to be, and where they lie now."""

    files: tuple[DataFile, ...]
    places: Mapping[str, Path]
    """``DataFile.path`` to the file on disk."""
    columns: tuple[Column, ...]
    rows: int | None


def survey(path: Path) -> Survey:
    """
    Look at a file, or at every file in a directory.

    Raises:
        InvalidDataSetError: There is no file, or one cannot be stored under its name.
    """
    places = dict(sorted(_places(path)))
    if not places:
        raise InvalidDataSetError(str(path), "there is no file in it")
    for name in places:
        if len(name.encode()) > MAX_KEY_BYTES or "\\" in name or not name.isprintable():
            raise InvalidDataSetError(name, "a file of this name cannot be stored; rename it")
    with ThreadPoolExecutor(4) as threads:
        digests = list(threads.map(digest, places.values()))
    files = tuple(
        DataFile(name, place.stat().st_size, sha256)
        for (name, place), sha256 in zip(places.items(), digests, strict=True)
    )
    columns, rows = _tables(places)
    return Survey(files, places, columns, rows)


def digest(file: Path) -> str:
    """Its sha256, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _places(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    for file in path.rglob("*"):
        relative = file.relative_to(path)
        if file.is_file() and not _LEFT_OUT.intersection(relative.parts):
            yield relative.as_posix(), file


def _tables(places: Mapping[str, Path]) -> tuple[tuple[Column, ...], int | None]:
    """The columns that all tables share, none if they differ; the rows of all."""
    shapes = [found for place in places.values() if (found := _shape(place)) is not None]
    if not shapes:
        return (), None
    first = shapes[0][0]
    same = all([name for name, _ in columns] == [name for name, _ in first] for columns, _ in shapes)
    merged = tuple(
        Column(name, _widest([columns[place][1] for columns, _ in shapes]))
        for place, (name, _) in enumerate(first if same else ())
    )
    return merged, sum(rows for _, rows in shapes)


def _widest(types: list[str]) -> str:
    distinct = set(types)
    if distinct == {"integer", "number"}:
        return "number"
    return types[0] if len(distinct) == 1 else "text"


def _shape(file: Path) -> tuple[list[tuple[str, str]], int] | None:
    name = file.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return csv_shape.shape(file)
    if name.endswith((".parquet", ".pq")):
        try:
            return parquet.footer(file)
        except parquet.NotParquetError as error:
            raise InvalidDataSetError(str(file), str(error)) from error
    return None
