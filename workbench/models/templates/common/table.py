"""Reads the CSV files of a data set version."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from model import COLUMNS, ROW_ID, TARGET

if TYPE_CHECKING:
    from pathlib import Path


class Table(NamedTuple):
    """Rows in the order of COLUMNS, as text; the target of each; the data set's own ids of the rows."""

    rows: list[list[str]]
    targets: list[float]
    ids: list[str]


def read(folder: Path) -> Table:
    """All rows of the folder's CSV files, file by file in the order of their names."""
    table = Table([], [], [])
    for file in sorted(folder.rglob("*.csv")):
        with file.open(newline="", encoding="utf-8") as lines:
            for line in csv.DictReader(lines):
                table.rows.append([line[column] for column in COLUMNS])
                table.targets.append(float(line[TARGET]))
                table.ids.append(line[ROW_ID])
    if not table.rows:
        raise FileNotFoundError(f"no rows in the CSV files of {folder}")
    return table
