"""``slipway status``: what runs, what is deployed, what waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame
from workbench.cli.up import told_speed
from workbench.local import control

if TYPE_CHECKING:
    from rich.console import Console

    from workbench.cli.frame import Workspace


@click.command()
@frame.pass_workspace
def command(workspace: Workspace) -> None:
    """Show the server, the stacks, the endpoints and the running executions."""
    server: dict[str, Any] | None = None
    if workspace.is_local:
        found = control.running(workspace.home)
        if found is None:
            raise frame.Refusal(
                f"no embedded AWS runs for {workspace.home}",
                "start it with `slipway up`",
                frame.EXIT_UNREACHABLE,
            )
        server = {
            "endpoint_url": found.endpoint_url,
            "registry": found.registry,
            "pid": found.pid,
            "up_seconds": round(time.time() - found.started_at),
            "home": str(workspace.home),
            "speed": found.get("speed")["speed"],
        }
    document = {
        "environment": workspace.environment,
        "server": server,
        "stacks": stacks(workspace),
        "endpoints": endpoints(workspace),
        "executions": executions(workspace),
    }
    frame.emit(workspace, document, lambda console: render(console, document))


def stacks(workspace: Workspace) -> list[dict[str, str]]:
    """The platform's stacks and their states."""
    found = workspace.client("cloudformation").describe_stacks()["Stacks"]
    return [
        {"stack": stack["StackName"], "status": stack["StackStatus"]}
        for stack in found
        if stack["StackName"].startswith("slipway-")
    ]


def endpoints(workspace: Workspace) -> list[dict[str, str]]:
    """Endpoints of the platform and their states."""
    prefix = resource_prefix(workspace)
    found = workspace.client("sagemaker").list_endpoints(NameContains=prefix)["Endpoints"] if prefix else []
    return [{"endpoint": found_["EndpointName"], "status": found_["EndpointStatus"]} for found_ in found]


def executions(workspace: Workspace) -> list[dict[str, str]]:
    """Executions that run now; releases that wait for a person are among them."""
    if resource_prefix(workspace) is None:
        return []
    platform, client = workspace.platform(), workspace.client("stepfunctions")
    return [
        {"machine": kind, "execution": execution["name"]}
        for kind, arn in (
            ("release", platform["release_machine_arn"]),
            ("promote", platform["promote_machine_arn"]),
        )
        for execution in client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
    ]


def resource_prefix(workspace: Workspace) -> str | None:
    """What the platform's names begin with; None where nothing is deployed."""
    try:
        return workspace.platform()["resource_prefix"]
    except frame.Refusal:
        return None


def render(console: Console, document: dict[str, Any]) -> None:
    """For people."""
    server = document["server"]
    if server is not None:
        console.print(
            f"[bold]The embedded AWS runs[/bold] at {server['endpoint_url']} since {server['up_seconds']} s "
            f"(pid {server['pid']}, state in {server['home']})"
        )
        if server["speed"] > 1:
            console.print(f"{told_speed(server['speed'])}.", highlight=False)
    for title, columns in (
        ("stacks", ("stack", "status")),
        ("endpoints", ("endpoint", "status")),
        ("executions", ("machine", "execution")),
    ):
        rows = [[row[column] for column in columns] for row in document[title]]
        if rows:
            console.print(frame.table(columns, rows))
        else:
            console.print(f"no {title}")
