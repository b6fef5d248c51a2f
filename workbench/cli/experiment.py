"""``slipway experiment``: list, show."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.adapters.dynamodb_ledger import DynamoDbLedger
    from slipway.contracts.ledger import ReleaseRecord


@click.group("experiment")
def group() -> None:
    """
    List and show experiments: what was trained and never approved.

    Releases that were not accepted, rejected, expired, failed or stopped, and training jobs that bear the
    platform's tag but no release made. Versions in production stand in the registry: `slipway registry list`.
    """


@group.command("list")
@click.option("--model", help="Only this model: MODEL or PROJECT/MODEL.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@frame.pass_workspace
def list_experiments(workspace: frame.Workspace, model: str | None, limit: int) -> None:
    """List experiments, newest first, with the model that each belongs to."""
    from workbench.cli.release import ledger_of
    from workbench.cli.why import lineage_of
    from workbench.experiments import HEAD, cells_of, newest_first, of_jobs, of_releases
    from workbench.releases import newest

    ledger = ledger_of(workspace)
    wanted = (
        one
        for one in newest_first(of_releases(newest(ledger), ledger), of_jobs(lineage_of(workspace)))
        if not model or model in (one["model"], f"{one['project']}/{one['model']}")
    )
    chosen = list(itertools.islice(wanted, limit))
    frame.emit(workspace, chosen, lambda out: out.print(frame.table(HEAD, map(cells_of, chosen))))


@group.command("show")
@click.argument("experiment", metavar="RELEASE|MODEL:VERSION|TRAINING_JOB")
@frame.pass_workspace
def show(workspace: frame.Workspace, experiment: str) -> None:
    """Show one experiment: what it was made of, how it ended, and what it belongs to."""
    from slipway.contracts.lineage import node_id
    from workbench.cli.release import ledger_of
    from workbench.cli.why import lineage_of
    from workbench.releases import UnknownReleaseError, find

    ledger = ledger_of(workspace)
    job = lineage_of(workspace).node(node_id("training-job", experiment))
    if job is not None and job["as_of"] and not job["facts"].get("release_id"):
        frame.emit(workspace, job, lambda out: _show_job(out, dict(job)))
        return
    try:
        release = find(ledger, experiment)
    except UnknownReleaseError as error:
        raise frame.Refusal(
            f"no experiment {experiment!r}",
            "`slipway experiment list` shows them: name a release, MODEL:VERSION or a training job",
            frame.EXIT_NOT_FOUND,
        ) from error
    _refuse_versions(release, ledger)
    frame.emit(workspace, release, lambda out: _show_release(out, release))


def _refuse_versions(release: ReleaseRecord, ledger: DynamoDbLedger) -> None:
    from workbench.experiments import NEVER_IN_PRODUCTION, was_approved

    if release["status"] in NEVER_IN_PRODUCTION and not was_approved(release, ledger):
        return
    name = f"{release['project']}/{release['model']}:{release['version']}"
    if release["status"] in ("refused", "running"):
        hint = f"see `slipway release show {release['release_id']}`"
    else:
        hint = f"it stands in the registry: `slipway registry show {name}`"
    raise frame.Refusal(f"{name} is no experiment ({release['status']})", hint, frame.EXIT_NOT_FOUND)


def _show_release(out: Console, release: ReleaseRecord) -> None:
    plan = release.get("plan") or {}
    failure = release.get("failure")
    _print(
        out,
        {
            "experiment": f"release {release['release_id']}",
            "belongs to": f"{release['project']}/{release['model']}, version {release['version']}",
            "status": release["status"],
            "reason": release["reason"],
            "failure": f"{failure['step']}: {failure['cause']}" if failure else "",
            "image": release["image_digest"],
            "training data": _channels(plan.get("training_data") or []),
            "parameters": _pairs(plan.get("requests", {}).get("training", {}).get("HyperParameters") or {}),
            "metrics": _metrics(release.get("metrics") or {}),
            "compared with": (plan.get("champion") or {}).get("version", ""),
            "artifact": f"removed at {release['artifact_removed_at']}"
            if "artifact_removed_at" in release
            else "",
            "began": release["planned_at"],
            "ended": release.get("ended_at", ""),
            "see also": f"slipway release show {release['release_id']}, slipway why {release['release_id']}",
        },
    )


def _show_job(out: Console, job: dict[str, Any]) -> None:
    from slipway.domain.experiments import reason

    facts = job["facts"]
    belongs = "/".join(facts[key] for key in ("project", "model") if facts.get(key))
    _print(
        out,
        {
            "experiment": f"training job {job['name']}",
            "belongs to": belongs or "no model that it names",
            "status": facts.get("status", ""),
            "reason": reason(facts),
            "failure": facts.get("failure", ""),
            "image": facts.get("image_uri", ""),
            "training data": _channels(facts.get("channels") or []),
            "parameters": _pairs(facts.get("hyperparameters") or {}),
            "metrics": _metrics(facts.get("metrics") or {}),
            "cost": f"{facts['cost_usd']:.4f} USD" if "cost_usd" in facts else "",
            "began": facts.get("started_at", ""),
            "ended": facts.get("ended_at", ""),
            "see also": f"slipway lineage up {job['id']}",
        },
    )


def _print(out: Console, facts: dict[str, str]) -> None:
    for name, value in facts.items():
        if value:
            out.print(f"{name:14} {value}", markup=False)


def _channels(pinned: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['channel']} = {one['data_set']}:{one['version']}" for one in pinned)


def _metrics(values: dict[str, float]) -> str:
    return _pairs({name: f"{float(value):g}" for name, value in values.items()})


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
