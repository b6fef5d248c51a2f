"""``slipway local``: what only the embedded AWS has."""

from __future__ import annotations

import click

from workbench.cli import frame
from workbench.cli.up import told_speed
from workbench.local import control


@click.group("local")
def group() -> None:
    """Set what only the embedded AWS has: its speed, and faults."""


def server(workspace: frame.Workspace) -> control.Running:
    """
    The embedded AWS that runs here.

    Raises:
        Refusal: None does.
    """
    found = control.running(workspace.home)
    if found is None:
        raise frame.Refusal(
            f"no embedded AWS runs for {workspace.home}", "start it with `slipway up`", frame.EXIT_UNREACHABLE
        )
    return found


@group.command("speed")
@click.argument("speed", type=click.FloatRange(1, 3600), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def speed_(speed: float | None, *, as_json: bool) -> None:
    """
    Show how fast SageMaker's waiting times pass, or let them pass SPEED times faster than they are.

    Divided by it: the waits and bake times of deployments, cool-downs of scaling, the periods of alarms that
    watch endpoints, and of what is measured of them. It is kept until it is set anew.
    """
    workspace = frame.Workspace(json=as_json)
    running = server(workspace)
    document = running.get("speed") if speed is None else running.post("speed", {"speed": speed})
    frame.emit(
        workspace,
        document,
        lambda console: console.print(f"{told_speed(document['speed'])}.", highlight=False),
    )
