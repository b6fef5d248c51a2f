"""``slipway release``: list, show, report, watch, start, stop, retry."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import TYPE_CHECKING, Any, Final

import click

from slipway.contracts.ledger import OPEN_STATUSES
from slipway.contracts.steps import STEPS
from workbench.cli import frame
from workbench.cli.release_report import report
from workbench.cli.release_trace import trace

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.adapters.dynamodb_ledger import DynamoDbLedger
    from slipway.contracts.ledger import ReleaseRecord
    from workbench.history import Step
    from workbench.releases import Executions

OPEN: Final = OPEN_STATUSES
GOOD: Final = ("deployed", "rejected", "not-accepted", "expired")
"""Endings that are answers; every other ending makes ``watch`` leave with 1."""
MARK: Final = {"done": "✓", "caught": "–", "failed": "✗", "running": "…"}
LOCAL_PAUSE, AWS_PAUSE = 0.25, 5.0
"""Seconds between two looks at a release, each of which reads the whole history of its executions."""
REFERENCE_HELP: Final = "a release id, MODEL:VERSION, MODEL (its newest), or latest"


@click.group("release")
def group() -> None:
    """List, show, report on, watch, trace, start, stop and retry releases."""


group.add_command(report)
group.add_command(trace)


def ledger_of(workspace: frame.Workspace) -> DynamoDbLedger:
    """The environment's ledger."""
    from slipway.adapters.dynamodb_ledger import DynamoDbLedger

    return DynamoDbLedger(workspace.client("dynamodb"), workspace.platform()["ledger_table"])


def executions_of(workspace: frame.Workspace) -> Executions:
    """The environment's executions."""
    from workbench.releases import Executions

    return Executions(workspace.client("stepfunctions"))


def found(workspace: frame.Workspace, reference: str) -> ReleaseRecord:
    """
    The release that a person means.

    Raises:
        Refusal: There is none.
    """
    from workbench.releases import UnknownReleaseError, find

    try:
        return find(ledger_of(workspace), reference)
    except UnknownReleaseError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error


@group.command("list")
@click.option("--model", help="Only this model: MODEL or PROJECT/MODEL.")
@click.option("--status", help="Only releases with this status.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@frame.pass_workspace
def list_releases(workspace: frame.Workspace, model: str | None, status: str | None, limit: int) -> None:
    """List releases, newest first."""
    from workbench.releases import newest

    records = (
        record
        for record in newest(ledger_of(workspace))
        if (not status or record["status"] == status)
        and (not model or model in (record["model"], f"{record['project']}/{record['model']}"))
    )
    chosen = list(itertools.islice(records, limit))
    columns = ("release", "model", "version", "cause", "status", "planned", "reason")

    def rows() -> list[tuple[str, ...]]:
        return [
            (
                record["release_id"],
                f"{record['project']}/{record['model']}",
                record["version"] or record["image_tag"],
                record["cause"],
                record["status"],
                record["planned_at"][:16].replace("T", " "),
                record["reason"],
            )
            for record in chosen
        ]

    frame.emit(workspace, chosen, lambda out: out.print(frame.table(columns, rows())))


def as_document(record: ReleaseRecord, steps: list[Step]) -> dict[str, Any]:
    """A release with its steps, as ``--json`` prints it."""
    return {
        **record,
        "steps": [{**dataclasses.asdict(step), "seconds": step.seconds} for step in steps],
    }


@group.command("show")
@click.argument("release")
@frame.pass_workspace
def show(workspace: frame.Workspace, release: str) -> None:
    """Show one RELEASE: what it is, its steps with their durations, and why it ended as it did."""
    record = found(workspace, release)
    arn = record.get("execution_arn")
    steps = executions_of(workspace).steps(arn) if arn else []
    frame.emit(
        workspace, as_document(record, steps), lambda out: _show(out, record, steps, local=workspace.is_local)
    )


def _show(out: Console, record: ReleaseRecord, steps: list[Step], *, local: bool) -> None:
    from workbench.releases import local_log

    plan = record.get("plan") or {}
    facts = {
        "release": record["release_id"],
        "model": f"{record['project']}/{record['model']} {record['version'] or record['image_tag']}",
        "status": record["status"],
        "reason": record["reason"],
        "cause": record["cause"],
        "image": record["image_digest"],
        "training data": _data(plan.get("training_data")),
        "evaluation data": _data(plan.get("evaluation_data")),
        "champion then": (plan.get("champion") or {}).get("version", "none") if plan else "",
        "planned": record["planned_at"],
        "ended": record.get("ended_at", ""),
    }
    for name, value in facts.items():
        if value:
            out.print(f"{name:16} {value}", markup=False)
    if steps:
        out.print(frame.table(("", "step", "seconds", "attempts", "problem"), map(_row, steps)))
    lookups = record.get("lookups") or {}
    for step in (step for step in STEPS if lookups.get(step)):
        out.print(f"{step:16} {lookups[step]['explanation']}", markup=False)
    failure = record.get("failure")
    if failure and record["status"] not in OPEN:  # an earlier attempt's failure is no news
        out.print(f"failed at {failure['step']}: {failure['error']}\n  {failure['cause']}", markup=False)
        log = (local_log(failure["log_url"]) if local else failure["log_url"]) or "slipway logs"
        out.print(f"  log  {log}\n  next {failure['next_action']}", markup=False)


def _data(pinned: list[dict[str, Any]] | None) -> str:
    return ", ".join(f"{one['channel']} = {one['data_set']}:{one['version']}" for one in pinned or [])


def _row(step: Step) -> tuple[str, str, str, str, str]:
    seconds = "" if step.seconds is None else f"{step.seconds:.2f}"
    return (
        MARK[step.status],
        step.name,
        seconds,
        str(step.attempts) if step.attempts > 1 else "",
        step.problem[:200],
    )


@group.command("watch")
@click.argument("release", default="latest")
@click.option("--until-approval", is_flag=True, help="Stop watching once it waits for a decision.")
@click.option("--timeout", type=float, default=86400.0, help="Give up after so many seconds (exit code 1).")
@frame.pass_workspace
def watch(workspace: frame.Workspace, release: str, until_approval: bool, timeout: float) -> None:
    """
    Follow a RELEASE live, one line a step, until it has ended.

    Leaves with 0 when it ended with an answer (deployed, rejected, not accepted, expired), else with 1.
    """
    record = found(workspace, release)
    record, steps = follow(workspace, record, until_approval=until_approval, timeout=timeout)
    if workspace.json:
        frame.emit(workspace, as_document(record, steps), lambda _: None)
    else:
        frame.progress(f"{record['project']}/{record['model']} {record['version']}: {record['status']}")
        if record["status"] in GOOD:
            _tell_answer(workspace, record)
    if record["status"] not in (*GOOD, *OPEN):
        failure = record.get("failure")
        why = f"{failure['step']}: {failure['cause']}" if failure else record["reason"]
        raise frame.Refusal(why or record["status"], failure["next_action"] if failure else "")


def _tell_answer(workspace: frame.Workspace, record: ReleaseRecord) -> None:
    """Why it ended so, or what can be done with it now."""
    if record["reason"]:
        frame.progress(f"  {record['reason']}")
    if record["status"] == "deployed":
        frame.progress(f"  → {invoke_command(workspace, record['project'], record['model'])}")


def invoke_command(workspace: frame.Workspace, project: str, model: str) -> str:
    """What asks the endpoint of a model as its kind wants to be asked."""
    from slipway.contracts.names import endpoint

    name = endpoint(workspace.platform()["resource_prefix"], project, model)
    state = ledger_of(workspace).endpoint_state(name)
    how = " --async" if state is not None and state["kind"] == "asynchronous" else ""
    return f"slipway endpoint invoke {project}/{model}{how}"


def follow(
    workspace: frame.Workspace,
    record: ReleaseRecord,
    *,
    until_approval: bool = False,
    timeout: float = 86400.0,
    printed: set[str] | None = None,
) -> tuple[ReleaseRecord, list[Step]]:
    """
    Print a line for each step as it ends, until the release ends (or waits for a decision).

    Args:
        workspace: Where the release is.
        record: The release.
        until_approval: Come back as soon as it waits for a decision.
        timeout: Seconds after which to give up.
        printed: Steps that were printed before, by name; grows.

    Raises:
        Refusal: It takes longer than ``timeout``.
    """
    ledger, executions = ledger_of(workspace), executions_of(workspace)
    printed = set() if printed is None else printed
    pause = LOCAL_PAUSE if workspace.is_local else AWS_PAUSE
    deadline = time.monotonic() + timeout
    steps: list[Step] = []
    while time.monotonic() < deadline:
        record = ledger.release(record["release_id"]) or record
        arn = record.get("execution_arn")
        if arn:
            steps = executions.steps(arn)
            print_new(steps, printed)
        if until_approval and record["status"] == "awaiting-approval":
            return record, steps
        # after a retry the execution runs before the ledger knows
        if record["status"] not in OPEN and not (arn and executions.status(arn)["status"] == "RUNNING"):
            return record, steps
        time.sleep(pause)
    raise frame.Refusal(
        f"release {record['release_id']} is still {record['status']} after {timeout:.0f} s",
        f"go on with `slipway release watch {record['release_id']}`",
    )


def print_new(steps: list[Step], printed: set[str]) -> None:
    """A line for each step that ended and was not printed yet; ``printed`` grows."""
    for step in steps:
        waits = step.name == "RequestApproval" and step.status == "running"
        if waits and "waits" not in printed:
            printed.add("waits")
            frame.progress("  … waits for a decision (`slipway approval open`)")
        if step.status != "running" and step.name not in printed:
            printed.add(step.name)
            problem = f"  {step.problem[:160]}" if step.status == "failed" else ""
            frame.progress(f"  {MARK[step.status]} {step.name:24} {step.seconds:8.2f} s{problem}")


@group.command("start")
@click.argument("image", metavar="PROJECT/MODEL:VERSION")
@click.option(
    "--again",
    is_flag=True,
    help="Release it anew although it was tried before; refused once it was approved or waits for that.",
)
@click.option(
    "--retrain",
    is_flag=True,
    help="Train the image again, on the newest data that its ranges admit, as VERSION+retrain.MOMENT.",
)
@click.option(
    "--no-cache", is_flag=True, help="Run every step, also those that an identical release ran before."
)
@frame.pass_workspace
def start(workspace: frame.Workspace, image: str, again: bool, retrain: bool, no_cache: bool) -> None:
    """
    Start a release of an image that is in the registry already.

    A push does this by itself; by hand it makes good a lost event at once, or runs a version again.
    What was released before needs no PROJECT.
    """
    import json
    from datetime import UTC, datetime

    from slipway.contracts.names import repository

    if "/" not in image and ":" in image:  # released before, perhaps refused: the ledger knows the project
        image = f"{found(workspace, image)['project']}/{image}"
    project, _, rest = image.partition("/")
    model, _, tag = rest.partition(":")
    if not (project and model and tag):
        raise frame.Refusal(f"{image!r} is no PROJECT/MODEL:VERSION", exit_code=frame.EXIT_USAGE)
    platform = workspace.platform()
    wish = {
        "cause": "cli",
        "repository": repository(platform["repository_prefix"], project, model),
        "tag": tag,
        "force": again,
        "retrain": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}" if retrain else "",
        "no_cache": no_cache,
    }
    answer = workspace.client("lambda").invoke(
        FunctionName=platform["plan_function"], Payload=json.dumps(wish).encode()
    )
    planned = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise frame.Refusal(f"the release could not be planned: {planned.get('errorMessage', planned)}")
    if planned["outcome"] in ("refused", "ignored"):
        raise frame.Refusal(f"{planned['outcome']}: {planned['reason']}")
    follow_it = f"follow it with `slipway release watch {planned['release_id']}`"
    frame.emit(workspace, planned, lambda out: out.print(f"{planned['outcome']}; {follow_it}"))


@group.command("stop")
@click.argument("release")
@click.option("--reason", default="stopped by hand", show_default=True)
@frame.pass_workspace
def stop(workspace: frame.Workspace, release: str, reason: str) -> None:
    """Stop a running RELEASE; what serves goes on serving."""
    record = found(workspace, release)
    if record["status"] not in OPEN:
        raise frame.Refusal(f"release {record['release_id']} has ended already: {record['status']}")
    arn = record.get("execution_arn")
    if arn is None:
        raise frame.Refusal(
            f"release {record['release_id']} has not started yet",
            "try again in a moment, or wait for the sweep",
        )
    workspace.client("stepfunctions").stop_execution(
        executionArn=arn, error="Slipway.Stopped", cause=reason[:32768]
    )
    frame.emit(
        workspace, {"release_id": record["release_id"], "stopped": True}, lambda out: out.print("stopped")
    )


def _after_answer(record: ReleaseRecord) -> str:
    if record["status"] == "refused":  # nothing ran: the same image may be tried again
        image = f"{record['project']}/{record['model']}:{record['image_tag']}"
        return f"once its reason is mended: `slipway release start {image}`"
    return "push a new version to try again"


@group.command("retry")
@click.argument("release")
@frame.pass_workspace
def retry(workspace: frame.Workspace, release: str) -> None:
    """Let a failed RELEASE go on from the step that failed, with the same inputs."""
    record = found(workspace, release)
    if record["status"] in OPEN:
        raise frame.Refusal(f"release {record['release_id']} still runs ({record['status']})")
    if record["status"] not in ("failed", "stopped"):
        raise frame.Refusal(
            f"release {record['release_id']} ended with an answer: {record['status']}",
            _after_answer(record),
        )
    workspace.client("stepfunctions").redrive_execution(executionArn=record["execution_arn"])
    identity = {"release_id": record["release_id"], "retried": True}
    frame.emit(
        workspace,
        identity,
        lambda out: out.print(f"retried; follow it with `slipway release watch {record['release_id']}`"),
    )
