"""Writes the command reference from the commands: ``python -m workbench.cli.reference > docs/cli.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli.__main__ import slipway

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100
HEAD = """# The command line

Generated from the commands themselves (`python -m workbench.cli.reference > docs/cli.md`); a test compares.

Tables are for people; every command that answers something takes `--json`. Progress goes to standard error.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | what was asked about failed, or was refused |
| 2 | wrong usage |
| 3 | not found |
| 4 | the platform does not answer |
| 5 | a given file is not valid |
"""


def reference() -> str:
    """The whole page, in Markdown."""
    root = click.Context(
        slipway,
        info_name="slipway",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **slipway.context_settings,  # the names of the help option, which commands keep once they have run
    )
    return "\n".join([HEAD, *_sections(root, slipway, 2)])


def _sections(context: click.Context, command: click.Command, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                inner = click.Context(
                    child, info_name=name, parent=context, terminal_width=WIDTH, max_content_width=WIDTH
                )
                yield from _sections(inner, child, min(level + 1, 4))


if __name__ == "__main__":
    click.echo(reference(), nl=False)
