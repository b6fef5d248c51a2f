"""What ``slipway ab`` and ``slipway shadow`` share: status, start and stop of trials."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.calls import ask, caller, version_named
from workbench.cli.reason import REASON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from slipway.contracts.ledger import TrialRecord
    from slipway.contracts.promotion import LayoutEntry
    from slipway.contracts.trial import TrialKind, TrialRequest
    from slipway.usecases.ports import Ledger

NAMES: Final = {"ab": "A/B test", "shadow": "shadow run"}
BEGINNING: Final = ("BeginTrial", "PutThere")
"""Steps until the challenger stands there."""
HOW_MANY: Final = 10
"""Earlier trials that are listed."""


def commands(kind: TrialKind, group: click.Group) -> None:
    """Add ``status`` and ``stop`` of one kind of trial to its noun; ``start`` has options of its own."""
    name = NAMES[kind]

    @group.command("status", help=_STATUS.format(name=name))
    @click.argument("model", metavar="[PROJECT/]MODEL")
    @click.option("--trial", "trial_id", metavar="ID", help="An earlier one; default: the newest.")
    @frame.pass_workspace
    def status(workspace: frame.Workspace, model: str, trial_id: str | None) -> None:
        show(workspace, kind, model, trial_id)

    @group.command("stop", help=_STOP.format(name=name))
    @click.argument("model", metavar="[PROJECT/]MODEL")
    @click.option("--reason", required=True, type=REASON, help="Why; kept with the trial and shown to all.")
    @click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    @click.option("--wait/--no-wait", default=True, show_default=True, help="Until the challenger has left.")
    @frame.pass_workspace
    def stop(workspace: frame.Workspace, model: str, reason: str, *, yes: bool, wait: bool) -> None:
        end(workspace, kind, model, reason, yes=yes, wait=wait)


_STATUS: Final = """
Show the {name} of MODEL: weights, counts, what is known so far, how long still.

Looking at it often changes nothing: what it says holds at every look.
"""
_STOP: Final = """
End the {name} of MODEL: the challenger leaves, the champion serves on alone.

What was proposed to approvers can't be approved any more. Needs the role operate.
"""


def subject_of(workspace: frame.Workspace, model: str) -> tuple[str, str]:
    """
    Project and model.

    Raises:
        Refusal: There is no such model.
    """
    from workbench.cli.release import ledger_of
    from workbench.versions import InvalidReferenceError, Reference, UnresolvedReferenceError, locate

    try:
        return locate(ledger_of(workspace), Reference.parse(model))
    except InvalidReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_USAGE) from error
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error


def trials_of(workspace: frame.Workspace, kind: TrialKind, model: str) -> list[TrialRecord]:
    """
    Newest first.

    Raises:
        Refusal: There is no such model, or it never had such a trial.
    """
    from workbench.cli.release import ledger_of

    project, name = subject_of(workspace, model)
    found = [one for one in ledger_of(workspace).trials(project, name) if one["kind"] == kind]
    if not found:
        raise frame.Refusal(
            f"{project}/{name} never had a {NAMES[kind]}",
            f"`slipway {kind} start {project}/{name}:VERSION` begins one; or let [serving.strategy] say "
            f'kind = "{kind}"',
            frame.EXIT_NOT_FOUND,
        )
    return found


def show(workspace: frame.Workspace, kind: TrialKind, model: str, trial_id: str | None) -> None:
    """The newest trial, or the one that is named; earlier ones in a list."""
    from slipway.domain.timestamps import now
    from slipway.domain.trials.outlook import outlook
    from slipway.domain.trials.shares import weights_of
    from workbench.cli.trial_rows import rows_of

    found = trials_of(workspace, kind, model)
    chosen = [one for one in found if trial_id is None or one["trial_id"] == trial_id]
    if not chosen:
        raise frame.Refusal(f"there is no trial {trial_id}", exit_code=frame.EXIT_NOT_FOUND)
    record = chosen[0]
    state, settings = record["state"], record["settings"]
    layout = layout_of(workspace, record)
    share = float(settings["share"])
    weights = (
        weights_of(layout)
        if layout is not None
        else state.get("weights")
        or {record["champion"]: 1 - share if kind == "ab" else 1.0, record["challenger"]: share}
    )
    runs = record["status"] == "running"
    left = outlook(record, now()) if runs else None
    document: dict[str, Any] = {
        **record,
        "weights": weights,
        "outlook": left,
        "earlier": [one["trial_id"] for one in found if one is not record][:HOW_MANY],
    }

    def render(out: Console) -> None:
        said = f"{record['project']}/{record['model']} {record['challenger']} beside {record['champion']}"
        out.print(f"{NAMES[kind]} of {said}: {record['status']}", markup=False)
        for label, text in rows_of(record, weights, left):
            out.print(f"{label:24} {text}", markup=False)
        others = [one for one in found if one is not record][:HOW_MANY]
        if others:
            columns = ("trial", "challenger", "champion", "status", "began", "why")
            out.print(
                frame.table(
                    columns,
                    (
                        (
                            one["trial_id"],
                            one["challenger"],
                            one["champion"],
                            one["status"],
                            one["started_at"],
                            one.get("reason", ""),
                        )
                        for one in others
                    ),
                    title="earlier",
                )
            )

    frame.emit(workspace, document, render)


def layout_of(workspace: frame.Workspace, record: Mapping[str, Any]) -> list[LayoutEntry] | None:
    """What stands on the endpoint together with a trial's challenger; None: that does not stand there."""
    from slipway.contracts.names import endpoint
    from workbench.cli.release import ledger_of

    prefix = workspace.platform()["resource_prefix"]
    state = ledger_of(workspace).endpoint_state(endpoint(prefix, record["project"], record["model"]))
    if state is None or state["status"] != "in-service" or state.get("trial_id") != record["trial_id"]:
        return None
    return state["layout"]


def begin(
    workspace: frame.Workspace,
    reference: str,
    strategy: dict[str, Any],
    reason: str,
    *,
    yes: bool,
    wait: bool,
) -> None:
    """Start the trial machine for a registered version, and follow it until the version stands there."""
    from slipway.adapters.sfn_executions import SfnExecutions
    from slipway.contracts.ledger import OPEN_TRIALS
    from slipway.domain.trials.demand import demand
    from slipway.domain.trials.trial import trial_id_of
    from workbench.cli.release import ledger_of

    ledger = ledger_of(workspace)
    version = version_named(ledger, reference)
    subject = f"{version['project']}/{version['model']}"
    if version["approval"] != "approved":
        raise frame.Refusal(
            f"{subject} {version['version']} is {version['approval']}",
            "only an approved version may stand on an endpoint",
        )
    request: TrialRequest = {
        "project": version["project"],
        "model": version["model"],
        "version": version["version"],
        "release_id": version["release_id"],
        "cause": "promote",
        "actor": caller(workspace),
        "reason": reason,
        "strategy": {key: value for key, value in strategy.items() if value is not None},
    }
    settings = terms(ledger, request)
    kept = ledger.trials(version["project"], version["model"])
    still = [one for one in kept if one["status"] in OPEN_TRIALS]
    said = f"{subject}: {NAMES[strategy['kind']]} of {version['version']}" + (
        f", which ends that of {still[0]['challenger']}, which is {still[0]['status']}" if still else ""
    )
    if not yes:
        click.confirm(f"{said}; go on?", abort=True, err=True)
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    arn = (
        SfnExecutions(workspace.client("stepfunctions"))
        .start(
            workspace.platform()["trial_machine_arn"],
            f"{strategy['kind']}-{version['release_id']}-{moment}-{time.time_ns() % 10**6:06d}",
            json.dumps({"request": request}),
        )
        .arn
    )
    document: dict[str, Any] = {"trial_id": trial_id_of(arn), "execution_arn": arn, "request": request}
    if strategy["kind"] == "ab":
        document["needs"] = demand(settings)
    if wait:
        document["weights"] = until_it_stands(workspace, document)
    noun, how = strategy["kind"], "stands there" if wait else "is asked for"
    frame.emit(
        workspace,
        document,
        lambda _: click.echo(
            f"trial {document['trial_id']}: {version['version']} {how}; `slipway {noun} status {subject}` "
            "follows it"
        ),
    )


def terms(ledger: Ledger, request: TrialRequest) -> dict[str, Any]:
    """
    The strategy in full; what an A/B test needs is said.

    Raises:
        Refusal: There can be no such trial.
    """
    from slipway.domain.semver import Version
    from slipway.domain.trials.demand import demand, in_words
    from slipway.domain.trials.trial import NoTrialError
    from slipway.usecases.begin_trial import terms_of

    try:
        settings, champion = terms_of(request, ledger)
    except NoTrialError as error:
        raise frame.Refusal(str(error)) from error
    if Version.parse(champion).follows(Version.parse(request["version"])):
        frame.progress(
            f"{request['version']} is older than the champion {champion}: once it is approved, it serves "
            "again, as after a rollback"
        )
    if settings["kind"] == "ab":
        frame.progress(in_words(settings))
        if not demand(settings)["suffices"]:
            frame.progress(
                f"warning: {settings['requests']:,} requests end it before, most likely undecided; give it "
                "more, a larger --share, or a larger --minimum-effect"
            )
    return settings


def until_it_stands(workspace: frame.Workspace, begun: dict[str, Any]) -> dict[str, float]:
    """
    Print a line for each step until the challenger stands on the endpoint; the weights there.

    Args:
        workspace: Where it runs.
        begun: Trial id, execution and request.

    Raises:
        Refusal: The execution ended before.
    """
    from slipway.domain.failures import understand
    from slipway.domain.trials.shares import weights_of
    from workbench.cli.promotions import TIMEOUT_SECONDS
    from workbench.cli.release import AWS_PAUSE, LOCAL_PAUSE, executions_of, print_new

    executions, printed, arn = executions_of(workspace), set[str](), begun["execution_arn"]
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = executions.status(arn)
        print_new([step for step in executions.steps(arn) if step.name in BEGINNING], printed)
        layout = layout_of(workspace, {**begun["request"], "trial_id": begun["trial_id"]})
        if layout is not None:
            return weights_of(layout)
        if status["status"] != "RUNNING":
            cause = understand(status.get("cause") or "")
            why = ": ".join(part for part in (cause.error or status.get("error"), cause.text) if part)
            raise frame.Refusal(
                f"the trial did not begin: {why or status['status']}", f"look at execution {arn}"
            )
        time.sleep(LOCAL_PAUSE if workspace.is_local else AWS_PAUSE)
    raise frame.Refusal("the challenger does not stand there yet", f"look at execution {arn}")


def end(
    workspace: frame.Workspace, kind: TrialKind, model: str, reason: str, *, yes: bool, wait: bool
) -> None:
    """Stop the newest trial, if it is open, or its challenger still stands there."""
    from slipway.contracts.ledger import OPEN_TRIALS
    from workbench.cli.promotions import follow

    record = trials_of(workspace, kind, model)[0]
    subject = f"{record['project']}/{record['model']}"
    if record["status"] not in OPEN_TRIALS and layout_of(workspace, record) is None:
        raise frame.Refusal(f"the {NAMES[kind]} of {subject} is {record['status']} already")
    if not yes:
        click.confirm(
            f"{subject}: {record['challenger']} leaves, {record['champion']} serves on; go on?",
            abort=True,
            err=True,
        )
    wish = {
        "project": record["project"],
        "model": record["model"],
        "trial_id": record["trial_id"],
        "actor": caller(workspace),
        "reason": reason,
    }
    answer = ask(workspace, workspace.platform()["stop_trial_function"], wish)
    document: dict[str, Any] = {"trial_id": record["trial_id"], **answer}
    if wait:
        document |= follow(workspace, answer["execution_arn"], "the challenger's removal")
    frame.emit(workspace, document, lambda _: click.echo(f"stopped: {record['trial_id']}"))
