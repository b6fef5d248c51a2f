"""``slipway rollback``: the version that served before serves again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame
from workbench.cli.calls import caller
from workbench.cli.promotions import follow, promotion_request, serving, start
from workbench.cli.reason import REASON

if TYPE_CHECKING:
    from slipway.domain.rollback import Rollback


@click.command("rollback")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option("--to", metavar="VERSION", default="", help="Default: the version that served before.")
@click.option(
    "--reason", required=True, type=REASON, help="Why; kept in the alias's history and shown to all."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until it has ended.")
@frame.pass_workspace
def command(workspace: frame.Workspace, model: str, to: str, reason: str, *, yes: bool, wait: bool) -> None:
    """
    Let the version that served MODEL before serve again, or --to VERSION.

    The same machine as for a release puts it behind the endpoint, tests it and moves the alias; if that
    fails, what serves goes on serving. Needs the role operate.
    """
    plan = planned(workspace, model, to)
    if plan.refusals or plan.target is None:
        raise frame.Refusal(
            f"{plan.project}/{plan.model} is not rolled back: {'; '.join(plan.refusals)}",
            f"`slipway registry list --model {plan.project}/{plan.model}` shows what may serve",
            frame.EXIT_FAILED,
        )
    said = f"{plan.project}/{plan.model}: {plan.serving or 'nothing'} → {plan.target['version']}"
    if not yes:
        click.confirm(f"{said}; go on?", abort=True, err=True)
    frame.progress(said)
    request = promotion_request(plan.target, actor=caller(workspace), reason=reason)
    # What served before is known to serve: nobody waits for its traffic to move in steps.
    arn = start(workspace, request | {"cause": "rollback", "strategy": {"kind": "all-at-once"}})
    document: dict[str, Any] = {
        "project": plan.project,
        "model": plan.model,
        "from": plan.serving,
        "to": plan.target["version"],
        "reason": reason,
        "execution_arn": arn,
    }
    if wait:
        document |= follow(workspace, arn, "the rollback")
        document["serves"] = serving(workspace, plan.project, plan.model)
    frame.emit(workspace, document, lambda _: click.echo(document.get("serves", f"started: {arn}")))


def planned(workspace: frame.Workspace, model: str, to: str) -> Rollback:
    """
    What is to happen.

    Raises:
        Refusal: There is no such model.
    """
    from slipway.adapters.s3_fingerprints import S3Fingerprints
    from slipway.adapters.sfn_executions import SfnExecutions
    from slipway.contracts.names import endpoint
    from slipway.domain.timestamps import now
    from slipway.usecases.plan_rollback import plan_rollback
    from workbench.cli.release import ledger_of
    from workbench.versions import Reference, UnresolvedReferenceError, locate

    ledger = ledger_of(workspace)
    reference = Reference.parse(model)
    if reference.alias:
        raise frame.Refusal(f"{model!r} names an alias", "name a model, and --to VERSION", frame.EXIT_USAGE)
    try:
        project, name = locate(ledger, reference)
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
    return plan_rollback(
        project,
        name,
        to=to or reference.version,
        endpoint=endpoint(workspace.platform()["resource_prefix"], project, name),
        ledger=ledger,
        executions=SfnExecutions(workspace.client("stepfunctions")),
        files=S3Fingerprints(workspace.client("s3")),
        clock=now,
    )
