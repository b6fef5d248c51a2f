"""Reads the CSV files of a data set version."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from flight_delays.columns import ARRIVAL_DELAY, COLUMNS, LATE_MINUTES, ROW_ID

if TYPE_CHECKING:
    from pathlib import Path


class Flights(NamedTuple):
    """Rows in the order of COLUMNS, as text; whether they were late; the data set's own ids of the rows."""

    rows: list[list[str]]
    late: list[int]
    ids: list[str]


def read(folder: Path) -> Flights:
    """All flights that arrived, from the folder's CSV files, file by file in the order of their names."""
    rows, late, ids = [], [], []
    width = len(COLUMNS)
    for file in sorted(folder.rglob("*.csv")):
        with file.open(newline="", encoding="utf-8") as lines:
            reader = csv.reader(lines)
            if next(reader) != [*COLUMNS, ARRIVAL_DELAY, ROW_ID]:
                raise ValueError(f"{file} has other columns than this model knows; write it with data.py")
            for line in reader:
                delay = line[width]
                if delay:
                    late.append(1 if float(delay) > LATE_MINUTES else 0)
                    ids.append(line[width + 1])
                    rows.append(line[:width])
    if not rows:
        raise FileNotFoundError(f"no flights in {folder}")
    return Flights(rows, late, ids)
