"""Numbers of bytes as people read them."""

from __future__ import annotations

from typing import Final

KILOBYTE: Final = 1_000
MEGABYTE: Final = 1_000_000


def size(count: int) -> str:
    """
    Decimal units, one digit after the point.

    >>> size(24_100_000), size(22_595), size(12)
    ('24.1 MB', '22.6 kB', '12 B')
    """
    if count < KILOBYTE:
        return f"{count} B"
    return f"{count / MEGABYTE:.1f} MB" if count >= MEGABYTE else f"{count / KILOBYTE:.1f} kB"
