"""The table of roles in docs/operations.md names every command, once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.__main__ import slipway

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path("docs/operations.md")


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, (*path, name))


def assigned() -> Counter[str]:
    section = PAGE.read_text().partition("What a command needs, beside `read`:")[2].partition("\n- ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return Counter(name for row in rows for name in re.findall(r"`([^`]+)`", row[2]))


class TestRolesTable:
    def test_every_command_has_one_role(self) -> None:
        """Nobody has to try which policy a command needs, and no command stands there that is gone."""
        assert assigned() == Counter(commands(slipway))
