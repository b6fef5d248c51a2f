"""``slipway local``: what only the embedded AWS has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.up import told_speed
from workbench.local import control
from workbench.local.fault_kinds import KINDS

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS: Final = ("id", "kind", "about", "times")


def kinds_page() -> str:
    """What each kind means, for the help."""
    lines = [
        f"{name}: {kind.meaning}."
        + (f" Needs {', '.join(f'--{one}' for one in kind.needs)}." if kind.needs else "")
        for name, kind in KINDS.items()
    ]
    return "\n\n".join(("Kinds:", *lines))


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
    Up to 120, an alarm that would ring on AWS rings here, as long as its metric has a request or two in each
    of its periods (a minute is half a second then); faster, a bake time may be over before.
    """
    workspace = frame.Workspace(json=as_json)
    running = server(workspace)
    document = running.get("speed") if speed is None else running.post("speed", {"speed": speed})
    frame.emit(
        workspace,
        document,
        lambda console: console.print(f"{told_speed(document['speed'])}.", highlight=False),
    )


@group.group("fault")
def fault() -> None:
    """Let AWS's bad days come: throttling, missing capacity, crashes, what cannot be found yet."""


@fault.command("add", epilog=kinds_page())
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--operation", help="An operation of the API, like CreateEndpoint.")
@click.option("--endpoint", help="An endpoint's name; all where it is left out.")
@click.option("--variant", help="A variant's name; all where it is left out.")
@click.option("--config", help="An endpoint configuration's name: its fleet alone.")
@click.option("--machine", help="A state machine's name; all where it is left out.")
@click.option("--state", help="A state's name.")
@click.option("--execution", metavar="ARN", help="An execution; all where it is left out.")
@click.option("--function", help="A function's name.")
@click.option("--error", help="The name of the error that a task fails with.")
@click.option("--cause", help="The cause that a task fails with.")
@click.option("--times", type=click.IntRange(1), help="How often it is met; else once, or until cleared.")
@click.option("--seconds", type=click.FloatRange(0), help="How long.")
@click.option("--requests", type=click.IntRange(1), help="After how many requests.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def add(*, as_json: bool, **asked: Any) -> None:
    """Add a fault of a KIND; the embedded AWS keeps it until it was met, or is cleared."""
    workspace = frame.Workspace(json=as_json)
    added = server(workspace).post(
        "faults", {name: value for name, value in asked.items() if value is not None}
    )
    frame.emit(workspace, added, lambda console: console.print(frame.table(COLUMNS, rows([added]))))


@fault.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def list_(*, as_json: bool) -> None:
    """List the faults that will be met."""
    workspace = frame.Workspace(json=as_json)
    running = server(workspace)
    found, standing = running.get("faults"), running.get("faults/standing")

    def page(console: Console) -> None:
        show(console, found, "no faults")
        for one in standing:
            console.print(f"{one['execution']} stands still at {one['state']}", highlight=False)

    frame.emit(workspace, found, page)


@fault.command("clear")
@click.argument("number", metavar="[ID]", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def clear(number: int | None, *, as_json: bool) -> None:
    """Take a fault away by its ID, or all of them."""
    workspace = frame.Workspace(json=as_json)
    gone = server(workspace).post("faults/clear", {"id": number})
    frame.emit(workspace, gone, lambda console: show(console, gone, "there were no faults"))


def show(console: Console, faults: list[dict[str, Any]], none: str) -> None:
    """For people: a table, or that there is nothing."""
    console.print(frame.table(COLUMNS, rows(faults)) if faults else none)


def rows(faults: list[dict[str, Any]]) -> list[list[str]]:
    """One row for each fault: what it is about in one column."""
    about = (
        *("operation", "endpoint", "variant", "config", "machine", "state", "execution", "function"),
        *("error", "cause", "seconds", "requests"),
    )
    return [
        [
            str(one["id"]),
            one["kind"],
            ", ".join(f"{name} {one[name]}" for name in about if name in one),
            str(one.get("times", "until cleared")),
        ]
        for one in faults
    ]
