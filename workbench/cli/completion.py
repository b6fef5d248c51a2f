"""``slipway completion``: the script that makes a shell complete this command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """
    Print the completion script of a SHELL.

    For bash: slipway completion bash > ~/.local/share/bash-completion/completions/slipway
    """
    kind = get_completion_class(shell)
    if kind is None:  # click knows all three
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "slipway", "_SLIPWAY_COMPLETE").source())
