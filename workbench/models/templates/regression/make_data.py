"""Writes sample data: ``python make_data.py`` makes data/train and data/holdout, always the same."""

from __future__ import annotations

import csv
import random
from pathlib import Path

from model import COLUMNS, ROW_ID, TARGET

DISTRICTS = {"centre": 310.0, "north": 40.0, "south": 90.0, "harbour": 180.0}
ROWS = {"train": 3000, "holdout": 1000}


def flat(chance: random.Random) -> list[object]:
    """One flat and its rent."""
    district = chance.choice(list(DISTRICTS))
    area = round(chance.lognormvariate(4.2, 0.35), 1)
    rooms = max(1, round(area / 26 + chance.gauss(0, 0.5)))
    built, distance = chance.randint(1900, 2025), round(chance.expovariate(0.25), 1)
    rent = (
        180 + 9.5 * area + 1.2 * (built - 1950) - 14 * distance + DISTRICTS[district] + chance.gauss(0, 110)
    )
    return [area, rooms, built, distance, district, round(max(rent, 150), 2)]


def main(folder: Path) -> None:
    """Write one CSV file per part."""
    chance = random.Random(7)
    for part, rows in ROWS.items():
        (folder / part).mkdir(parents=True, exist_ok=True)
        with (folder / part / "rows.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([ROW_ID, *COLUMNS, TARGET])
            writer.writerows([number, *flat(chance)] for number in range(rows))


if __name__ == "__main__":
    main(Path(__file__).parent / "data")
