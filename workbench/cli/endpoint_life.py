"""``slipway endpoint stop`` and ``start``: an endpoint that nobody needs now costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli import frame
from workbench.cli.calls import caller
from workbench.cli.endpoint_lookup import endpoint_name
from workbench.cli.promotions import promotion_request, run
from workbench.cli.reason import REASON

if TYPE_CHECKING:
    from slipway.contracts.ledger import EndpointState


@click.command("stop")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option(
    "--reason", required=True, type=REASON, help="Why; kept in the endpoint's history and shown to all."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until it has ended.")
@frame.pass_workspace
def stop(workspace: frame.Workspace, model: str, reason: str, *, yes: bool, wait: bool) -> None:
    """
    Delete the endpoint of a MODEL, with its alarms and scaling; nothing answers from then on.

    The ledger keeps what it served: `slipway endpoint start` brings that back. Needs the role operate.
    """
    from workbench.cli.release import ledger_of

    state = _state(workspace, model)
    champion = state["layout"][0]
    if state["status"] == "stopped":
        raise frame.Refusal(
            f"endpoint {state['endpoint']} was stopped at {state['changed_at']} by {state['actor']}",
            f"`slipway endpoint start {state['project']}/{state['model']}` brings it back",
        )
    record = ledger_of(workspace).version(state["project"], state["model"], champion["version"])
    if record is None:
        raise frame.Refusal(f"the ledger has no version {champion['version']} of {state['model']}")
    if not yes:
        click.confirm(
            f"endpoint {state['endpoint']}, which serves {champion['version']}, will answer nobody; go on?",
            abort=True,
            err=True,
        )
    request = promotion_request(record, actor=caller(workspace), reason=reason, action="stop")
    run(workspace, request, "stopping", wait=wait)


@click.command("start")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option(
    "--reason", type=REASON, default="it is needed again", show_default=True, help="Why; kept in the history."
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until it has ended.")
@frame.pass_workspace
def start(workspace: frame.Workspace, model: str, reason: str, *, wait: bool) -> None:
    """Bring back the stopped endpoint of a MODEL, with the champion that it served."""
    from workbench.cli.promote import approved

    state = _state(workspace, model)
    if state["status"] != "stopped":
        raise frame.Refusal(
            f"endpoint {state['endpoint']} is not stopped: it serves {state['layout'][0]['version']}",
            f"`slipway endpoint show {state['project']}/{state['model']}` shows its state",
        )
    reference = f"{state['project']}/{state['model']}:{state['layout'][0]['version']}"
    request = promotion_request(approved(workspace, reference), actor=caller(workspace), reason=reason)
    run(workspace, request, "the start", wait=wait)


def _state(workspace: frame.Workspace, model: str) -> EndpointState:
    from workbench.cli.release import ledger_of

    name = endpoint_name(workspace, model)
    state = ledger_of(workspace).endpoint_state(name)
    if state is None:
        raise frame.Refusal(
            f"the ledger knows of no promotion to endpoint {name}",
            "`slipway endpoint list` shows those that there are",
            frame.EXIT_NOT_FOUND,
        )
    return state
