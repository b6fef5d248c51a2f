"""Texts that models' programs write: as long as they like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_REPORT_BYTES: Final = 8 * 1024 * 1024
"""A report of 200 metrics on thousands of slices has less; a function's memory holds several."""
MAX_PREDICTIONS_BYTES: Final = 96 * 1024 * 1024
"""Of one side: three million rows with three slice columns. Judging both takes six times their bytes."""
MAX_PLOT_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TooLarge:
    """
    Stands for a text that was not read because of its length.

    >>> str(TooLarge(12_582_912, MAX_REPORT_BYTES))
    'it has 12,582,912 bytes, and at most 8,388,608 are read'
    """

    size: int
    limit: int
    """Both in bytes."""

    def __str__(self) -> str:
        return f"it has {self.size:,} bytes, and at most {self.limit:,} are read"
