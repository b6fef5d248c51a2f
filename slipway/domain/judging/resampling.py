"""
Draws of rows with replacement, as counts: how often was each row drawn?

Plain draws are multinomial over all rows, stratified ones within each stratum, blocked ones draw
blocks whole. A draw doesn't depend on how many are made at a time, only on the seed and on how many
came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from slipway.domain.judging.arrays import Codes, Counts, Places

SEED: Final = 20_200_229
"""A verdict is the same whenever it is asked for: the seed never changes."""
_CHUNK: Final = 65_536
"""Units drawn at a time: 16 random bits name one of them, and their counts stay in the cache."""
_HELD: Final = 16_000_000
"""Bytes of counts held at a time."""
_MOST_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Resampling:
    """
    How rows are drawn.

    Attributes:
        rows: How many there are.
        units: The unit (block) that each row belongs to; None: each row is a unit.
        strata: Sizes of the strata, whose units follow each other in ``order``.
        order: Units in the order of their strata; None: as they are.
        seed: Of the random numbers.
    """

    rows: int
    units: Codes | None
    strata: tuple[int, ...]
    order: Places | None
    seed: int = SEED

    @property
    def unit_count(self) -> int:
        """How many units are drawn each time, from as many."""
        return sum(self.strata)

    def draws(self, number: int) -> Iterator[Counts]:
        """Counts of ``number`` draws in batches, shape ``(draws, rows)``, each overwritten by the next."""
        bits = np.random.SFC64(self.seed)
        random = np.random.Generator(bits)
        at_once = max(1, min(_MOST_AT_ONCE, number, _HELD // max(1, self.rows)))
        # a row is drawn more than 255 times in one of 10**500 draws
        counts = np.empty((at_once, self.rows), dtype=np.uint8)
        for begin in range(0, number, at_once):
            batch = counts[: min(at_once, number - begin)]
            for row in batch:
                row[:] = self._spread(self._one(bits, random))
            yield batch

    def without(self, groups: int) -> Iterator[Counts]:
        """Each row once but those of one group of units, for a jackknife: one batch per group."""
        units = np.random.Generator(np.random.SFC64(self.seed + 1)).permutation(self.unit_count) % groups
        for group in range(groups):
            kept = (units != group).astype(np.uint8)
            yield self._rows_of(kept)[None, :]

    def _one(self, bits: np.random.SFC64, random: np.random.Generator) -> NDArray[np.uint8]:
        """How often each unit was drawn, in the order of the strata."""
        drawn = np.empty(self.unit_count, dtype=np.uint8)
        begin = 0
        for size in self.strata:
            _fill(drawn[begin : begin + size], bits, random)
            begin += size
        return drawn

    def _spread(self, drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.order is not None:
            back = np.empty_like(drawn)
            back[self.order] = drawn
            drawn = back
        return self._rows_of(drawn)

    def _rows_of(self, units: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return units if self.units is None else np.take(units, self.units)


def plain(rows: int, seed: int = SEED) -> Resampling:
    """Every row may be drawn at every place."""
    return Resampling(rows, None, (rows,), None, seed)


def stratified(strata: Codes, seed: int = SEED) -> Resampling:
    """As many rows of each stratum as there are."""
    _, codes, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    order = np.argsort(codes, kind="stable")
    return Resampling(len(strata), None, tuple(sizes.tolist()), order, seed)


def blocked(blocks: Codes, seed: int = SEED) -> Resampling:
    """Whole blocks, such as days or customers: rows within one may depend on each other."""
    names, codes = np.unique(blocks, return_inverse=True)
    return Resampling(len(blocks), codes.astype(np.int64), (len(names),), None, seed)


def _fill(counts: NDArray[np.uint8], bits: np.random.SFC64, random: np.random.Generator) -> None:
    """
    Multinomial counts of as many draws as there are units, each unit with the same chance.

    How many draws fall into each chunk is drawn first; within a chunk 16 random bits are a draw.
    """
    size = len(counts)
    if size <= _CHUNK:
        counts[:] = np.bincount(random.integers(0, size, size, dtype=np.uint32), minlength=size)
        return
    starts = range(0, size, _CHUNK)
    sizes = [min(_CHUNK, size - start) for start in starts]
    shares = random.multinomial(size, np.array(sizes) / size)
    for start, width, share in zip(starts, sizes, shares.tolist(), strict=True):
        drawn: NDArray[Any]
        if width == _CHUNK:
            drawn = bits.random_raw(-(-share // 4)).view(np.uint16)[:share]
        else:
            drawn = random.integers(0, width, share, dtype=np.uint16)
        counts[start : start + width] = np.bincount(drawn, minlength=width)
