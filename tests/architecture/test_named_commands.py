"""A message that tells somebody to run a command names one that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from workbench.cli.__main__ import slipway

COMMAND = re.compile(r"(?:`|\$\()slipway ([a-z-]+)(?: ([a-z-]+))?")


def _named() -> set[tuple[str, str]]:
    """Noun and verb of every command that a text of the library names in backticks or ``$( )``."""
    found = set()
    for path in Path("slipway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(COMMAND.findall(node.value))
    return found


class TestNamedCommands:
    def test_some_are_named(self) -> None:
        """The search finds what it is to find."""
        assert ("release", "retry") in _named()

    @pytest.mark.parametrize(("noun", "verb"), sorted(_named()))
    def test_command_exists(self, noun: str, verb: str) -> None:
        """Nobody is told to run a command that is not there."""
        context = click.Context(slipway)
        command = slipway.get_command(context, noun)  # type: ignore[attr-defined]

        assert command is not None, noun
        if verb and isinstance(command, click.Group):
            assert command.get_command(context, verb) is not None, verb
