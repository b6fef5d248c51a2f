"""``slipway rollback``: the version that served before serves again."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.promotion import PromotionRequest
    from slipway.domain.rollback import Rollback

TIMEOUT_SECONDS: Final = 4 * 3600
"""The promote machine gives up before."""
MAX_NAME: Final = 80


@click.command("rollback")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option("--to", metavar="VERSION", default="", help="Default: the version that served before.")
@click.option("--reason", required=True, help="Why; kept in the alias's history and shown to all.")
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
    arn = start(workspace, plan.target, reason)
    document: dict[str, Any] = {
        "project": plan.project,
        "model": plan.model,
        "from": plan.serving,
        "to": plan.target["version"],
        "reason": reason,
        "execution_arn": arn,
    }
    if wait:
        document |= follow(workspace, arn)
        document["serves"] = serving(workspace, plan)
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


def start(workspace: frame.Workspace, target: VersionRecord, reason: str) -> str:
    """Start the promote machine; the ARN of its execution."""
    from slipway.adapters.sfn_executions import SfnExecutions

    request: PromotionRequest = {
        "project": target["project"],
        "model": target["model"],
        "version": target["version"],
        "release_id": target["release_id"],
        "cause": "rollback",
        "actor": _caller(workspace),
        "reason": reason,
    }
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    tail = f"-{moment}-{time.time_ns() % 10**6:06d}"
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", f"rollback-{target['model']}-{target['version']}")
    return (
        SfnExecutions(workspace.client("stepfunctions"))
        .start(
            workspace.platform()["promote_machine_arn"],
            stem[: MAX_NAME - len(tail)] + tail,
            json.dumps({"request": request}),
        )
        .arn
    )


def _caller(workspace: frame.Workspace) -> str:
    """Who asks, as AWS knows them."""
    return str(workspace.client("sts").get_caller_identity()["Arn"])


def follow(workspace: frame.Workspace, arn: str, *, pause: float = 0.25) -> dict[str, Any]:
    """
    Print a line for each step, until the promotion has ended.

    Raises:
        Refusal: It failed; what served before goes on serving.
    """
    from workbench.cli.release import executions_of, print_new

    executions, printed = executions_of(workspace), set[str]()
    began, deadline = time.perf_counter(), time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = executions.status(arn)
        print_new(executions.steps(arn), printed)
        if status["status"] == "SUCCEEDED":
            return {"status": "deployed", "seconds": round(time.perf_counter() - began, 2)}
        if status["status"] != "RUNNING":
            why = f"{status.get('error') or status['status']}: {status.get('cause') or 'it was stopped'}"
            raise frame.Refusal(f"the rollback failed: {why}", f"look at execution {arn}")
        time.sleep(pause)
    raise frame.Refusal("the rollback has not ended", f"look at execution {arn}")


def serving(workspace: frame.Workspace, plan: Rollback) -> str:
    """What serves now, in words: by the endpoint itself, and by the alias."""
    from slipway.contracts.names import CHAMPION, endpoint
    from workbench.cli.endpoint import describe
    from workbench.cli.release import ledger_of

    name = endpoint(workspace.platform()["resource_prefix"], plan.project, plan.model)
    held = describe(workspace, name)
    alias = ledger_of(workspace).alias(plan.project, plan.model, CHAMPION)
    since = f", champion since {alias['moved_at']}" if alias is not None else ""
    return f"{name} is {held['EndpointStatus']} and serves {held['Identity'].get('version', '?')}{since}"
