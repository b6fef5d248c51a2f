"""``slipway doctor``: is this machine, and the platform, as it should be?"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from workbench import checks
from workbench.cli import frame
from workbench.cli.leases import give_back
from workbench.cli.release import ledger_of
from workbench.local import control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from workbench.checks import Finding
    from workbench.leftovers import LeftoverSearch

MARK = {"ok": "✓", "warning": "!", "problem": "✗"}


@click.command("doctor")
@click.option(
    "--mend", is_flag=True, help="Remove what promotions left behind and nothing needs; asks first."
)
@click.option("-y", "--yes", is_flag=True, help="With --mend: do not ask.")
@frame.pass_workspace
def command(workspace: frame.Workspace, *, mend: bool, yes: bool) -> None:
    """
    Check this machine and the platform, and say what to mend.

    Finds what killed promotions left behind: endpoint configs, models, alarms, scalable targets and
    dashboards that nothing needs; --mend removes them, gives back leases of promotions that have ended, and
    needs the role operate. Leaves with 1 when something is broken; warnings alone leave with 0.
    """
    findings: list[Finding] = []
    for finding in _findings(workspace):
        findings.append(finding)
        if not workspace.json:
            _print(frame.console(), finding)
    if workspace.json:
        frame.emit(workspace, [dataclasses.asdict(one) for one in findings], lambda _: None)
    if mend:
        _mend(workspace, yes=yes)
    broken = [one.check for one in findings if one.outcome == "problem"]
    if broken:
        raise frame.Refusal(f"to mend: {', '.join(broken)}")


def _print(out: Console, finding: Finding) -> None:
    out.print(f"{MARK[finding.outcome]} {finding.check:12} {finding.found}", markup=False)
    if finding.advice and finding.outcome != "ok":
        out.print(f"  → {finding.advice}", markup=False)


def _leftovers(workspace: frame.Workspace) -> LeftoverSearch:
    from workbench.leftovers import LeftoverSearch

    platform = workspace.platform()
    return LeftoverSearch(
        workspace.client,
        ledger_of(workspace),
        resource_prefix=platform["resource_prefix"],
        promote_machine_arn=platform["promote_machine_arn"],
    )


def _mend(workspace: frame.Workspace, *, yes: bool) -> None:
    if _ended_leases(workspace):
        give_back(workspace)
    search = _leftovers(workspace)
    found = [one for one in search.leftovers() if one.removable]
    if not found:
        frame.progress("nothing is left over")
        return
    for one in found:
        frame.progress(f"{one.kind} {one.name}: {one.why}")
    if not yes:
        click.confirm(f"remove {len(found)}?", abort=True, err=True)
    for one in found:
        search.remove(one)
    frame.progress(f"{len(found)} removed")


def _findings(workspace: frame.Workspace) -> Iterator[Finding]:
    yield checks.python(sys.version_info[:2])
    yield checks.node(_node_version)
    if workspace.is_local:
        from workbench.local.runner.capabilities import capabilities

        found = capabilities()
        outcome: checks.Outcome = "ok" if found.namespaces else "warning"
        yield checks.Finding("Namespaces", outcome, found.summary, "; ".join(found.limits))
    try:
        platform = workspace.platform()
    except frame.Refusal as refusal:
        yield checks.Finding("Platform", "problem", refusal.message, refusal.hint)
        return
    yield checks.Finding("Platform", "ok", f"{platform['environment']} in {platform['region']}")
    yield from _platform_findings(workspace)


def _platform_findings(workspace: frame.Workspace) -> Iterator[Finding]:
    platform, ledger = workspace.platform(), ledger_of(workspace)
    from workbench.releases import newest

    sns = workspace.client("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=platform["notice_topic_arn"])
    mail = [one for page in pages for one in page["Subscriptions"] if one["Protocol"] == "email"]
    yield checks.subscriptions(mail)

    def status_of(arn: str) -> str:
        return str(workspace.client("stepfunctions").describe_execution(executionArn=arn)["status"])

    yield checks.open_releases(newest(ledger), status_of)
    yield checks.approvals(ledger.pending_approvals(), time.time())
    yield checks.promotions(_under_way(workspace))
    if workspace.is_local:
        yield checks.faults(_faults(workspace))
    described = _endpoints(workspace)
    yield checks.leases(_ended_leases(workspace))
    yield from checks.endpoints(described, _models(workspace))
    yield checks.leftovers(_leftovers(workspace).leftovers())


def _under_way(workspace: frame.Workspace) -> list[checks.UnderWay]:
    """Promotions that run, the oldest first."""
    ledger, now = ledger_of(workspace), datetime.now(UTC)
    leases = {endpoint: ledger.lease(endpoint) for endpoint in _models(workspace)}
    held = {lease["owner"]: endpoint for endpoint, lease in leases.items() if lease is not None}
    running = control.running(workspace.home) if workspace.is_local else None
    standing = {one["execution"]: one["state"] for one in running.get("faults/standing")} if running else {}
    pages = workspace.client("stepfunctions").get_paginator("list_executions")
    found = [
        one
        for page in pages.paginate(
            stateMachineArn=workspace.platform()["promote_machine_arn"], statusFilter="RUNNING"
        )
        for one in page["executions"]
    ]
    return [
        checks.UnderWay(
            one["name"],
            (now - one["startDate"]).total_seconds(),
            held.get(one["executionArn"], ""),
            standing.get(one["executionArn"], ""),
        )
        for one in sorted(found, key=lambda one: one["startDate"])
    ]


def _faults(workspace: frame.Workspace) -> list[str]:
    """Those that will be met, in words."""
    from workbench.cli.local import rows

    running = control.running(workspace.home)
    return [
        f"{kind} ({', '.join(filter(None, (about, times)))})"
        for _, kind, about, times in rows(running.get("faults") if running else [])
    ]


def _endpoints(workspace: frame.Workspace) -> list[dict[str, Any]]:
    sagemaker = workspace.client("sagemaker")
    pages = sagemaker.get_paginator("list_endpoints").paginate(
        NameContains=workspace.platform()["resource_prefix"]
    )
    names = [one["EndpointName"] for page in pages for one in page["Endpoints"]]
    return [sagemaker.describe_endpoint(EndpointName=name) for name in names]


def _models(workspace: frame.Workspace) -> dict[str, str]:
    """Endpoint to the ``PROJECT/MODEL`` that it serves, of all models that the ledger knows."""
    from slipway.contracts.names import endpoint

    prefix = workspace.platform()["resource_prefix"]
    return {endpoint(prefix, *one): "/".join(one) for one in ledger_of(workspace).models()}


def _ended_leases(workspace: frame.Workspace) -> list[str]:
    from workbench.cli.leases import held_by_ended

    return held_by_ended(workspace, _models(workspace))


def _node_version() -> str:
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return answer.stdout
