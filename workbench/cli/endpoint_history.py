"""``slipway endpoint history``: what an endpoint served when, with shares of the traffic, by whom and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli import frame
from workbench.cli.calls import Moment
from workbench.cli.endpoint_lookup import endpoint_name

if TYPE_CHECKING:
    from slipway.contracts.ledger import EndpointState

COLUMNS = ("since", "serves", "action", "by", "reason")


@click.command("history")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option(
    "--at", type=Moment(), help="What it served at that moment (ISO 8601; a date is its beginning, UTC)."
)
@frame.pass_workspace
def history(workspace: frame.Workspace, model: str, at: str | None) -> None:
    """
    Show what the endpoint of a MODEL served when, newest first: versions with their shares, by whom and why.

    With --at, what it served at that moment; that costs one read, however long the history.
    """
    from workbench.cli.release import ledger_of

    ledger, name = ledger_of(workspace), endpoint_name(workspace, model)
    if at is None:
        states = ledger.endpoint_history(name)
    else:
        _refuse_future(at)
        then = ledger.endpoint_at(name, at)
        states = [] if then is None else [then]
    if not states:
        when = f" at {at}" if at else ""
        raise frame.Refusal(
            f"endpoint {name} served nothing{when}",
            "`slipway endpoint history` without --at shows since when it serves" if at else "",
            frame.EXIT_NOT_FOUND,
        )
    rows = [
        (one["changed_at"], layout_in_words(one), one["action"], one["actor"], one["reason"])
        for one in states
    ]
    frame.emit(workspace, states, lambda out: out.print(frame.table(COLUMNS, rows)))


def _refuse_future(at: str) -> None:
    from slipway.domain.timestamps import now, timestamp

    if at > timestamp(now()):
        raise frame.Refusal(f"{at} is yet to come", "leave --at out to see what serves now", frame.EXIT_USAGE)


def layout_in_words(state: EndpointState) -> str:
    """
    The versions of an endpoint with their shares of the traffic.

    >>> champion = {"version": "1.1.0", "share": 0.9, "role": "champion"}
    >>> other = {"version": "1.2.0", "share": 0.1, "role": "challenger"}
    >>> layout_in_words({"status": "in-service", "layout": [champion, other]})
    '1.1.0 (champion) 90 %, 1.2.0 (challenger) 10 %'
    >>> layout_in_words({"status": "in-service", "layout": [champion | {"share": 1.0}]})
    '1.1.0'
    """
    if state["status"] == "stopped":
        return "nothing: stopped"
    layout = state["layout"]
    if len(layout) == 1:
        return layout[0]["version"]
    return ", ".join(
        f"{one['version']} ({one['role']}) {one['share']:.0%}".replace("%", " %") for one in layout
    )
