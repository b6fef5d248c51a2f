"""Writes sample data: ``python make_data.py`` makes data/train and data/holdout, always the same."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

from model import COLUMNS, ROW_ID, TARGET

CONTRACTS = {"monthly": 1.3, "yearly": -0.6, "two-years": -1.8}
ROWS = {"train": 4000, "holdout": 1500}


def customer(chance: random.Random) -> list[object]:
    """One customer, and whether they left."""
    contract = chance.choice(list(CONTRACTS))
    months, fee = chance.randint(1, 72), round(chance.uniform(9, 90), 2)
    complaints = min(8, int(chance.expovariate(0.9)))
    odds = -1.1 - 0.035 * months + 0.02 * fee + 0.55 * complaints + CONTRACTS[contract]
    left = chance.random() < 1 / (1 + math.exp(-odds))
    return [months, fee, complaints, contract, int(left)]


def main(folder: Path) -> None:
    """Write one CSV file per part."""
    chance = random.Random(7)
    for part, rows in ROWS.items():
        (folder / part).mkdir(parents=True, exist_ok=True)
        with (folder / part / "rows.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([ROW_ID, *COLUMNS, TARGET])
            writer.writerows([number, *customer(chance)] for number in range(rows))


if __name__ == "__main__":
    main(Path(__file__).parent / "data")
