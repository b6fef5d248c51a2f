"""``slipway ab``: A/B tests of a challenger beside the champion."""

from __future__ import annotations

import click

from workbench.cli import frame, trials
from workbench.cli.reason import REASON


@click.group("ab")
def group() -> None:
    """A/B tests: see how they stand, begin and end them."""


trials.commands("ab", group)


@group.command("start")
@click.argument("reference", metavar="[PROJECT/]MODEL:VERSION")
@click.option("--outcome", metavar="NAME", required=True, help="What is reported back, such as booked.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="Of the traffic, to VERSION.",
)
@click.option(
    "--minimum-effect",
    type=click.FloatRange(0, min_open=True),
    default=0.01,
    show_default=True,
    help="The smallest difference of the outcome's mean that matters.",
)
@click.option(
    "--direction",
    type=click.Choice(["maximize", "minimize"]),
    default="maximize",
    show_default=True,
    help="Whether more of the outcome is better.",
)
@click.option(
    "--requests",
    type=click.IntRange(1),
    help="Ends after so many requests to VERSION with an outcome (default: however many) ...",
)
@click.option(
    "--hours", type=click.IntRange(1, 24 * 90), default=168, show_default=True, help="... or so long."
)
@click.option("--reason", required=True, type=REASON, help="Why; kept with the trial and shown to all.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Until VERSION stands there.")
@frame.pass_workspace
def start(
    workspace: frame.Workspace,
    reference: str,
    *,
    outcome: str,
    share: float,
    minimum_effect: float,
    direction: str,
    requests: int | None,
    hours: int,
    reason: str,
    yes: bool,
    wait: bool,
) -> None:
    """
    Begin an A/B test of an approved VERSION beside the champion.

    It ends by itself with a proposal to approvers, as soon as it can decide: how many outcomes that takes is
    said before it begins. Needs the role operate.
    """
    strategy = {
        "kind": "ab",
        "share": share,
        "requests": requests,
        "hours": hours,
        "outcome": outcome,
        "direction": direction,
        "minimum_effect": minimum_effect,
    }
    trials.begin(workspace, reference, strategy, reason, yes=yes, wait=wait)
