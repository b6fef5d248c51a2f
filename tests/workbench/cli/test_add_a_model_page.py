from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from workbench.cli.__main__ import slipway as command

PAGE = Path(__file__).parents[3] / "docs" / "add-a-model.md"
BLOCKS = PAGE.read_text(encoding="utf-8").split("```")[1::2]
LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("slipway ")]


class TestAddAModelPage:
    def test_commands_are_there(self) -> None:
        """
        The page shows the way from making a model to asking it.
        """
        verbs = [" ".join(line.split()[1:3]) for line in LINES]

        assert verbs[:3] == ["model new", "model check", "model train"]
        assert verbs.index("data put") < verbs.index("model push") < verbs.index("endpoint invoke")

    @pytest.mark.parametrize("line", LINES)
    def test_command_can_be_typed(self, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Every command of the page exists with the options that it is shown with.
        """
        for part in ("train", "holdout"):
            (tmp_path / "rents" / "data" / part).mkdir(parents=True)
        monkeypatch.chdir(tmp_path)
        words = shlex.split(line.partition(" > ")[0])[1:]

        context = command.make_context("slipway", [words[0]], resilient_parsing=True)
        group = command.get_command(context, words[0])
        assert isinstance(group, click.Group)
        verb = group.get_command(context, words[1])
        assert verb is not None, f"{line}: there is no such command"
        verb.make_context(words[1], words[2:])
