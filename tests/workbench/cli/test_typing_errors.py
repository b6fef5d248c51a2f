from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.workbench.cli.conftest import Slipway


class TestMistypedNoun:
    @pytest.mark.parametrize(
        ("typed", "meant"), [("mdoel", "model"), ("relese", "release"), ("aprove", "approval")]
    )
    def test_near_ones_are_named(self, slipway: Slipway, typed: str, meant: str) -> None:
        """
        A noun that is not there ends with 2 and names those that look like it, though they load lazily.
        """
        answer = slipway(typed)

        assert answer.exit_code == 2
        assert f"'{meant}'" in answer.stderr


class TestMissingServer:
    def test_says_where_else_it_may_run(self, slipway: Slipway) -> None:
        """
        In a directory where nothing was started, the answer ends with 4 and names SLIPWAY_HOME.
        """
        answer = slipway("release", "list")

        assert answer.exit_code == 4
        assert "SLIPWAY_HOME" in answer.stderr
