"""
From ``predictions.parquet`` to the ``predictions.csv`` that the platform reads.

Who writes Parquet has what reads it: it is the image's own pyarrow, polars or pandas that does it here, so
that no other image carries one. Run as ``python -m slipway_container.parquet FOLDER``.
"""

from __future__ import annotations

import csv
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Iterator

if TYPE_CHECKING:
    from types import ModuleType

SOURCE = "predictions.parquet"
TARGET = "predictions.csv"
UNREADABLE = 3
_ROWS_AT_ONCE = 65536
_READERS = ("pyarrow.parquet", "polars", "pandas")


def is_wanted(folder: Path) -> bool:
    """Whether there is Parquet and no CSV."""
    return (folder / SOURCE).is_file() and not (folder / TARGET).exists()


def convert(folder: Path) -> str:
    """Write the CSV; empty, or why that was not possible."""
    for name in _READERS:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        try:
            names, rows = _read(name, module, folder / SOURCE)
            _write(folder / TARGET, names, rows)
        except Exception as error:  # noqa: BLE001 - each reader has errors of its own
            (folder / TARGET).unlink(missing_ok=True)
            return f"{name} can't read {SOURCE}: {type(error).__name__}: {error}"
        return ""
    return f"{SOURCE} can't be read: the image has none of {', '.join(_READERS)}; write {TARGET} instead"


def _read(name: str, module: ModuleType, file: Path) -> tuple[list[str], Iterable[tuple[Any, ...]]]:
    if name == "pyarrow.parquet":
        opened = module.ParquetFile(file)
        return list(opened.schema_arrow.names), _of_batches(opened)
    if name == "polars":
        frame = module.read_parquet(file)
        return list(frame.columns), frame.iter_rows()
    frame = module.read_parquet(file)
    return [str(column) for column in frame.columns], frame.itertuples(index=False, name=None)


def _of_batches(opened: Any) -> Iterator[tuple[Any, ...]]:
    for batch in opened.iter_batches(batch_size=_ROWS_AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns))


def _write(file: Path, names: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in rows)


def _text(value: Any) -> Any:
    """
    As the platform reads it: true is 1, nothing is empty, bytes are text.

    >>> _text(True), _text(None), _text(b"r1"), _text(0.1)
    (1, '', 'r1', 0.1)
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return int(value) if isinstance(value, bool) else value


if __name__ == "__main__":
    problem = convert(Path(sys.argv[1]))
    print(problem, file=sys.stderr, end="")
    sys.exit(UNREADABLE if problem else 0)
