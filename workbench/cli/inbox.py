"""``slipway inbox``: the e-mails that the embedded AWS delivered."""

from __future__ import annotations

import json
import time
import urllib.error
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.local import control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

FOLLOW_SECONDS: Final = 0.5


@click.command()
@click.option("--to", default="", help="Only mail to addresses that contain this.")
@click.option("--subject", default="", help="Only mail whose subject contains this.")
@click.option("--follow", "-f", is_flag=True, help="Go on and show new mail as it comes.")
@click.option("--full", is_flag=True, help="Show bodies too.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on standard output; with --follow a line per mail."
)
def command(to: str, subject: str, *, follow: bool, full: bool, as_json: bool) -> None:
    """Show the e-mails that the embedded AWS delivered, oldest first."""
    workspace = frame.Workspace(json=as_json)
    server = control.running(workspace.home)
    if server is None:
        raise frame.Refusal(
            f"no embedded AWS runs for {workspace.home}", "start it with `slipway up`", frame.EXIT_UNREACHABLE
        )
    mails = [mail for mail in server.get("inbox") if to in mail["to"] and subject in mail["subject"]]
    if not follow:
        frame.emit(workspace, mails, lambda console: render(console, mails, full=full))
        return
    console, known = frame.console(), ""
    while True:
        for mail in mails:
            known = mail["id"]
            if to in mail["to"] and subject in mail["subject"]:
                show(workspace, console, mail, full=full)
        time.sleep(FOLLOW_SECONDS)
        try:
            mails = server.get(f"inbox?after={known}" if known else "inbox")
        except urllib.error.URLError as error:
            raise frame.Refusal("the embedded AWS ended", "", frame.EXIT_UNREACHABLE) from error


def show(workspace: frame.Workspace, console: Console, mail: dict[str, Any], *, full: bool) -> None:
    """One mail, as it comes in."""
    if workspace.json:
        click.echo(json.dumps(mail))
    else:
        render(console, [mail], full=full)


def render(console: Console, mails: Sequence[dict[str, Any]], *, full: bool) -> None:
    """For people: one line a mail, or whole mails."""
    if not mails:
        console.print("The inbox is empty.")
    for mail in mails:
        at = datetime.fromtimestamp(mail["at"]).astimezone().strftime("%H:%M:%S")
        console.print(f"{at}  {mail['to']:<32} {mail['subject']}", markup=False)
        if full:
            console.print("\n" + mail["body"].rstrip() + "\n", markup=False)
