"""``slipway down``: stop the embedded AWS; its state stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame
from workbench.local import control

if TYPE_CHECKING:
    from rich.console import Console


@click.command()
@click.option(
    "--kill", is_flag=True, help="Give it no time to tidy up (SIGKILL); what was stored is kept all the same."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def command(*, kill: bool, as_json: bool) -> None:
    """Stop the embedded AWS; `slipway up` goes on where it ended."""
    workspace = frame.Workspace(json=as_json)
    stopped = control.stop(workspace.home, kill=kill)
    document: dict[str, Any] = {
        "stopped": stopped is not None,
        "pid": stopped.pid if stopped else None,
        "home": str(workspace.home),
    }

    def render(console: Console) -> None:
        if stopped is None:
            console.print(f"Nothing runs for {workspace.home}.", markup=False)
        else:
            console.print(f"Stopped (pid {stopped.pid}); the state stays in {workspace.home}.", markup=False)

    frame.emit(workspace, document, render)
