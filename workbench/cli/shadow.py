"""``slipway shadow``: a challenger answers copies of the champion's requests, and nobody gets its answers."""

from __future__ import annotations

import click

from workbench.cli import frame, trials
from workbench.cli.reason import REASON


@click.group("shadow")
def group() -> None:
    """Shadow runs: see how they stand, begin and end them."""


trials.commands("shadow", group)


@group.command("start")
@click.argument("reference", metavar="[PROJECT/]MODEL:VERSION")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Of the requests, copied to VERSION.",
)
@click.option(
    "--requests",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Ends after so many copies ...",
)
@click.option(
    "--hours", type=click.IntRange(1, 24 * 90), default=24, show_default=True, help="... or so long."
)
@click.option("--reason", required=True, type=REASON, help="Why; kept with the trial and shown to all.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Until VERSION stands there.")
@frame.pass_workspace
def start(
    workspace: frame.Workspace,
    reference: str,
    *,
    share: float,
    requests: int,
    hours: int,
    reason: str,
    yes: bool,
    wait: bool,
) -> None:
    """
    Begin a shadow run of an approved VERSION beside the champion.

    It ends by itself with a proposal to approvers. Needs the role operate.
    """
    strategy = {"kind": "shadow", "share": share, "requests": requests, "hours": hours}
    trials.begin(workspace, reference, strategy, reason, yes=yes, wait=wait)
