"""``slipway up``: start the embedded AWS, deploy the platform to it, say how to reach it."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Any

import click

from slipway.domain.errors import SlipwayError
from workbench.cli import frame
from workbench.local import control
from workbench.local.clock import WATCHED_UP_TO

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from workbench.cli.frame import Workspace

SPEED_DIGITS = 1


@click.command()
@click.option(
    "--fresh", is_flag=True, help="Start over: forget buckets, images, models, endpoints, everything."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of all services and the registry.  [4566]")
@click.option(
    "--speed",
    type=click.FloatRange(1, 3600),
    help="Let SageMaker's waiting times (bake times, cool-downs) pass this many times faster; kept.  [1]",
)
@click.option("--no-deploy", is_flag=True, help="Start the server only; deploy nothing to it.")
@click.option(
    "--env", "environment", default=frame.LOCAL, show_default=True, help="Whose settings to deploy."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def command(  # one argument for each option
    environment: str,
    port: int | None,
    speed: float | None,
    *,
    fresh: bool,
    no_deploy: bool,
    as_json: bool,
) -> None:
    """Start the embedded AWS and deploy the platform to it; again: apply what changed."""
    workspace = frame.Workspace(environment=environment, json=as_json)
    try:
        document = bring_up(workspace, port=port, speed=speed, fresh=fresh, deploys=not no_deploy)
    except control.StartError as error:
        raise frame.Refusal(str(error), "", frame.EXIT_UNREACHABLE) from error
    except SlipwayError as error:
        raise frame.Refusal(str(error)) from error
    frame.emit(workspace, document, lambda console: render(console, document))


def bring_up(
    workspace: Workspace,
    *,
    port: int | None = None,
    speed: float | None = None,
    fresh: bool = False,
    deploys: bool = True,
) -> dict[str, Any]:
    """
    Start the server where it doesn't run, deploy what changed; a document that says how to reach it all.

    Raises:
        SlipwayError: The port is taken, the server did not start, or synthesis or deployment failed.
    """
    began = time.perf_counter()
    home = workspace.home
    if fresh:
        control.stop(home)
        control.erase(home)
    seconds: dict[str, float] = {}
    found = control.start(home, port=port)
    # Synthesis needs no server: both get ready at once.
    assembly = prepare(workspace, seconds) if deploys else None
    server = found.wait() if isinstance(found, control.Starting) else found
    seconds["server"] = time.perf_counter() - began - sum(seconds.values())
    if speed is not None:
        server.post("speed", {"speed": speed})
    changes: list[dict[str, Any]] = []
    if assembly is not None:
        started = time.perf_counter()
        changes = deploy(workspace, server, assembly)
        seconds["deploy"] = time.perf_counter() - started
    seconds["all"] = time.perf_counter() - began
    return describe(home, server) | {
        "environment": workspace.environment,
        "already_running": not isinstance(found, control.Starting),
        "stacks": changes,
        "approval_url": approval_url(workspace) if deploys else None,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }


def prepare(workspace: Workspace, seconds: dict[str, float]) -> Path:
    """The layer and the cloud assembly, each made anew only when something changed."""
    from workbench.layer import build_layers
    from workbench.synthesis import repository_root, synthesize

    root, started = repository_root(), time.perf_counter()
    if build_layers(root):
        frame.progress(f"dependency layers: built ({time.perf_counter() - started:.1f} s)")
    assembly = synthesize(
        root, workspace.environment, account=control.DEFAULT_ACCOUNT, region=control.DEFAULT_REGION
    )
    seconds["synthesis"] = time.perf_counter() - started
    if assembly.fresh:
        frame.progress(f"templates: synthesized ({seconds['synthesis']:.1f} s)")
    return assembly.path


def deploy(workspace: Workspace, server: control.Running, assembly: Path) -> list[dict[str, Any]]:
    """Apply the assembly, then let the server warm the functions up in the background."""
    from workbench.local.deploy import Deployment

    local = frame.Workspace(home=workspace.home)
    deployment = Deployment(
        local.client, account=server.account, region=server.region, progress=frame.progress
    )
    changes = deployment.deploy(assembly)
    server.get("warm")
    return [
        {"stack": change.stack, "action": change.action, "seconds": round(change.seconds, 2)}
        for change in changes
    ]


def approval_url(workspace: Workspace) -> str | None:
    """Where approvers decide, as the platform's parameter tells it."""
    local = frame.Workspace(environment=frame.LOCAL, home=workspace.home)
    try:
        return str(local.platform()["approval_url"])
    except frame.Refusal:
        return None


def describe(home: Path, server: control.Running) -> dict[str, Any]:
    """How to reach a running server."""
    return {
        "endpoint_url": server.endpoint_url,
        "registry": server.registry,
        "inbox": f"{server.endpoint_url}/_slipway/inbox",
        "account": server.account,
        "region": server.region,
        "principal": f"arn:aws:iam::{server.account}:root",
        "home": str(home),
        "pid": server.pid,
        "speed": server.get("speed")["speed"],
        "models": model_capabilities(),
        "environment_variables": {
            "AWS_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
            "AWS_DEFAULT_REGION": server.region,
        },
    }


def model_capabilities() -> dict[str, Any]:
    """How models run on this machine, and what does not work."""
    from workbench.local.runner.capabilities import capabilities

    found = capabilities()
    return {"summary": found.summary, "limits": list(found.limits)}


def told_speed(speed: float) -> str:
    """
    How fast SageMaker's clock runs, in words.

    >>> told_speed(60.0)
    "SageMaker's waiting times pass 60 times faster"
    >>> told_speed(300.0).partition("; ")[2]
    'alarms keep up to 120 times only: a bad version may be deployed before one rings'
    """
    if speed > 1:
        told = f"SageMaker's waiting times pass {speed:g} times faster"
        if speed <= WATCHED_UP_TO:
            return told
        return (
            f"{told}; alarms keep up to {WATCHED_UP_TO:g} times only: a bad version may be deployed before "
            "one rings"
        )
    return "SageMaker's waiting times are as they are on AWS"


def render(console: Console, document: dict[str, Any]) -> None:
    """For people: where everything is, and lines to paste."""
    seconds = ", ".join(f"{name} {value} s" for name, value in document["seconds"].items() if name != "all")
    state = "runs already" if document["already_running"] else "is up"
    console.print(f"[bold]The embedded AWS {state}[/bold] ({document['seconds']['all']} s: {seconds})\n")
    place = f"account {document['account']}, {document['region']}"
    rows = {
        "API": f"{document['endpoint_url']}  (all services; {place})",
        "registry": f"{document['registry']}  (slipway model push; docker: `aws ecr get-login-password`)",
        "inbox": f"{document['inbox']}  (or: slipway inbox)",
        "approvals": document["approval_url"],
        "you are": f"{document['principal']}  (may do everything; functions, machines and jobs have roles)",
        "models": document["models"]["summary"].removeprefix("models "),
        "speed": document["speed"] > 1 and told_speed(document["speed"]),
        "state": document["home"],
    }
    for name, value in rows.items():
        if value:
            console.print(f"  {name:<10} {value}", markup=False)
    for limit in document["models"]["limits"]:
        console.print(f"  {'':<10} - {limit}", markup=False)
    console.print("\nPoint aws and boto3 at it:\n")
    variables = " ".join(
        f"{name}={shlex.quote(value)}" for name, value in document["environment_variables"].items()
    )
    console.print(f"  export {variables}", markup=False)
