from __future__ import annotations

import math

import numpy as np
import pytest

from slipway.domain.judging.resampling import Resampling, blocked, plain, stratified

LARGE = 150_000
"""Rows that take several chunks."""


def drawn(resampling: Resampling, number: int) -> np.ndarray:
    return np.concatenate([counts.copy() for counts in resampling.draws(number)])


class TestPlain:
    @pytest.mark.parametrize("rows", [1, 30, 65_536, 65_537, LARGE])
    def test_as_many_rows_are_drawn_as_there_are(self, rows: int) -> None:
        """Every draw is multinomial: its counts add up."""
        assert set(drawn(plain(rows), 3).sum(axis=1, dtype=np.int64).tolist()) == {rows}

    @pytest.mark.parametrize("rows", [500, LARGE])
    def test_counts_have_the_moments_of_a_multinomial_draw(self, rows: int) -> None:
        """Shares of rows that were drawn 0, 1, 2, 3 times are those of a binomial(n, 1/n)."""
        counts = drawn(plain(rows, seed=7), 4_000_000 // rows)
        for times in range(4):
            share = math.comb(rows, times) * (1 / rows) ** times * (1 - 1 / rows) ** (rows - times)
            error = math.sqrt(share * (1 - share) / counts.size)
            assert abs((counts == times).mean() - share) < 5 * error

    def test_no_place_is_drawn_more_often_than_others(self) -> None:
        """Rows at chunks' edges have the same chance as all."""
        counts = drawn(plain(LARGE, seed=3), 200).sum(axis=0, dtype=np.int64)
        pieces = counts[: LARGE // 1000 * 1000].reshape(-1, 1000).sum(axis=1)

        assert abs(pieces - 200_000).max() < 6 * math.sqrt(200_000)
        assert abs(np.corrcoef(counts[:-1], counts[1:])[0, 1]) < 6 / math.sqrt(LARGE)

    def test_draws_do_not_depend_on_how_many_are_made(self) -> None:
        """The first of 3 is the first of 100, and the same tomorrow."""
        for resampling in (
            plain(1000),
            plain(LARGE),
            stratified(np.arange(1000) % 3),
            blocked(np.arange(1000) % 40),
        ):
            assert np.array_equal(drawn(resampling, 3), drawn(resampling, 20)[:3])

    def test_another_seed_draws_other_rows(self) -> None:
        """The seed is used."""
        assert not np.array_equal(drawn(plain(1000, 1), 1), drawn(plain(1000, 2), 1))


class TestStratified:
    def test_each_stratum_keeps_its_size(self) -> None:
        """As many rows of each stratum are drawn as it has."""
        strata = np.random.default_rng(0).integers(0, 4, 1001)
        for counts in drawn(stratified(strata), 5):
            assert np.array_equal(np.bincount(strata, weights=counts), np.bincount(strata))


class TestBlocked:
    def test_rows_of_a_block_are_drawn_together(self) -> None:
        """A block's rows all have its count, and as many blocks are drawn as there are."""
        blocks = np.random.default_rng(0).integers(0, 50, 1001) * 7
        for counts in drawn(blocked(blocks), 5):
            of_block = [set(counts[blocks == block].tolist()) for block in np.unique(blocks)]
            assert {len(found) for found in of_block} == {1}
            assert sum(next(iter(found)) for found in of_block) == len(of_block)


class TestJackknife:
    def test_every_unit_is_left_out_once(self) -> None:
        """Groups part the rows."""
        left_out = sum(1 - counts[0].astype(int) for counts in plain(103).without(10))

        assert set(left_out.tolist()) == {1}

    def test_blocks_are_left_out_whole(self) -> None:
        """What is drawn together is left out together."""
        blocks = np.arange(200) // 4
        for counts in blocked(blocks).without(25):
            assert len(np.unique(blocks[counts[0] == 0])) == 2
            assert (counts[0] == 0).sum() == 8
