"""Reads the CSV files of a data set version."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from hotel_rates.columns import COLUMNS, ROW_ID, TARGET

if TYPE_CHECKING:
    from pathlib import Path


class Bookings(NamedTuple):
    """Rows in the order of COLUMNS, as text; the rates in EUR; the data set's own ids of the rows."""

    rows: list[list[str]]
    rates: list[float]
    ids: list[str]


def read(folder: Path) -> Bookings:
    """All bookings in the folder's CSV files, file by file in the order of their names."""
    rows, rates, ids = [], [], []
    for file in sorted(folder.rglob("*.csv")):
        with file.open(newline="", encoding="utf-8") as lines:
            reader = csv.reader(lines)
            header = next(reader)
            places = [header.index(column) for column in COLUMNS]
            target, row_id = header.index(TARGET), header.index(ROW_ID)
            for line in reader:
                rows.append([line[place] for place in places])
                rates.append(float(line[target]))
                ids.append(line[row_id])
    if not rows:
        raise FileNotFoundError(f"no bookings in {folder}")
    return Bookings(rows, rates, ids)
