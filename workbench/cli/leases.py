"""Leases of endpoints whose holders have ended, and how they are given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cli import frame
from workbench.cli.calls import ask
from workbench.cli.release import ledger_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def held_by_ended(workspace: frame.Workspace, endpoints: Iterable[str]) -> list[str]:
    """Those of the endpoints that a promotion holds which has ended."""
    from slipway.adapters.sfn_executions import SfnExecutions

    ledger, executions = ledger_of(workspace), SfnExecutions(workspace.client("stepfunctions"))
    found = []
    for endpoint in endpoints:
        lease = ledger.lease(endpoint)
        if lease is not None:
            owner = executions.describe(lease["owner"])
            if owner is None or owner.ended:
                found.append(endpoint)
    return found


def give_back(workspace: frame.Workspace) -> None:
    """
    Let the platform record what has ended, now: that gives back its leases, and tells of what failed.

    Raises:
        Refusal: The sweep failed.
    """
    frame.progress("a promotion has ended and holds its lease: it is given back")
    ask(workspace, workspace.platform()["sweep_executions_function"], {})
