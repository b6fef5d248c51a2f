"""``slipway reproduce``: train a version again from what is recorded, and compare."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.release import Plan
    from slipway.usecases.check_reproducible import Ingredient
    from workbench.reproduction import Reproduction

MARKS: Final = {"unchanged": "✓", "changed": "✗", "gone": "✗"}
LOCAL_PAUSE, AWS_PAUSE = 0.25, 10.0


@click.command("reproduce")
@click.argument("reference", metavar="MODEL[@ALIAS|:VERSION]")
@click.option("--evaluate/--no-evaluate", default=True, show_default=True, help="Evaluate it again as well.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Relative difference of metrics that counts as equal; above 0, artifacts may differ.",
)
@click.option(
    "--wait/--no-wait", default=True, show_default=True,
    help="--no-wait starts the training; compare later with --job.",
)  # fmt: skip
@click.option("--job", metavar="NAME", default="", help="Compare what this training job came to; start none.")
@frame.pass_workspace
def command(
    workspace: frame.Workspace, reference: str, tolerance: float, job: str, *, evaluate: bool, wait: bool
) -> None:
    """
    Train a version again from its recorded image digest, data and parameters, and compare both.

    Asks first whether all of that is still there and unchanged, and says what can't be pinned. The jobs are
    an experiment; no release is touched. Ends with 0 when artifact and metrics are the same, else with 1.
    """
    version, plan = recorded(workspace, reference)
    ingredients = checked(workspace, plan)
    if not workspace.json:
        _tell_ingredients(frame.console(), ingredients, plan)
    _refuse(ingredients)
    again = _reproduction(workspace, plan, job)
    if not job:
        again.start()
        frame.progress(f"  training again as {again.name}")
    document: dict[str, Any] = {
        "project": plan["project"],
        "model": plan["model"],
        "version": plan["version"],
        "release_id": plan["release_id"],
        "job": again.name,
        "folder": again.folder,
        "ingredients": [one._asdict() for one in ingredients],
        "not_pinned": _not_pinned(plan),
    }
    if not wait:
        hint = f"compare it later: slipway reproduce {reference} --job {again.name}"
        frame.emit(workspace, document, lambda out: out.print(hint, markup=False))
        return
    _compare(workspace, version, again, document, evaluate=evaluate, tolerance=tolerance)


def _compare(
    workspace: frame.Workspace,
    version: VersionRecord,
    again: Reproduction,
    document: dict[str, Any],
    *,
    evaluate: bool,
    tolerance: float,
) -> None:
    from slipway.domain.reproduction import compare
    from workbench.reproduction import recorded_outcome

    before = recorded_outcome(version, artifacts=again.artifacts, reports=again.reports)
    comparison = compare(before, again.outcome(evaluate=evaluate), tolerance=tolerance)
    document |= comparison.document()
    frame.emit(workspace, document, lambda out: _show(out, document))
    if not comparison.reproduced:
        named = comparison.named_tolerance
        hint = f"metrics alone agree with --tolerance {named}" if named not in ("", "0") else ""
        raise frame.Refusal(comparison.summary, hint, frame.EXIT_FAILED)


def recorded(workspace: frame.Workspace, reference: str) -> tuple[VersionRecord, Plan]:
    """
    The version, and the plan of the release that registered it.

    Raises:
        Refusal: Either is not recorded.
    """
    from typing import cast

    from workbench.cli.release import ledger_of
    from workbench.versions import UnresolvedReferenceError, resolve

    ledger = ledger_of(workspace)
    try:
        version = resolve(ledger, reference)
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
    release = ledger.release(version["release_id"])
    plan = release.get("plan") if release is not None else None
    if plan is None:
        raise frame.Refusal(
            f"the plan of release {version['release_id']} is not in the ledger",
            "only what the platform released itself can be made again",
            frame.EXIT_NOT_FOUND,
        )
    return version, cast("Plan", plan)


def checked(workspace: frame.Workspace, plan: Plan) -> list[Ingredient]:
    """Whether all that it was made of is there and unchanged."""
    from slipway.adapters.ecr_registry import EcrRegistry
    from slipway.adapters.s3_data_sets import S3DataSets
    from slipway.adapters.s3_stored_files import S3StoredFiles
    from slipway.usecases.check_reproducible import check_reproducible

    return check_reproducible(
        plan,
        registry=EcrRegistry(workspace.client("ecr")),
        data_sets=S3DataSets(workspace.client("s3"), workspace.platform()["data_bucket"]),
        files=S3StoredFiles(workspace.client("s3")),
    )


def _refuse(ingredients: list[Ingredient]) -> None:
    broken = [one for one in ingredients if one.state != "unchanged"]
    if broken:
        said = "; ".join(f"{one.what} is {one.state}: {one.detail}" for one in broken)
        gone = any(one.state == "gone" for one in broken)
        raise frame.Refusal(
            f"it can't be made again: {said}",
            "put back what is missing: data set versions and image digests never change",
            frame.EXIT_NOT_FOUND if gone else frame.EXIT_BAD_INPUT,
        )


def _not_pinned(plan: Plan) -> list[str]:
    from slipway.domain.reproduction import not_pinned

    return not_pinned(plan)


def _reproduction(workspace: frame.Workspace, plan: Plan, job: str) -> Reproduction:
    from slipway.adapters.s3_artifacts import S3Artifacts
    from slipway.adapters.s3_reports import S3Reports
    from slipway.domain.reproduction_requests import REPRODUCES, job_name, place
    from workbench.reproduction import Reproduction

    sagemaker = workspace.client("sagemaker")
    if job:
        answer = sagemaker.describe_training_job(TrainingJobName=job)
        tags = sagemaker.list_tags(ResourceArn=answer["TrainingJobArn"])["Tags"]
        if {"Key": REPRODUCES, "Value": plan["release_id"]} not in tags:
            raise frame.Refusal(
                f"job {job} does not reproduce release {plan['release_id']} (its tag {REPRODUCES} says so)",
                "name the job that `slipway reproduce --no-wait` named",
                frame.EXIT_USAGE,
            )
        name, folder = job, answer["OutputDataConfig"]["S3OutputPath"].removesuffix("training/")
    else:
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        name = job_name(plan, workspace.platform()["resource_prefix"], moment)
        folder = place(plan, moment)
    return Reproduction(
        plan=plan,
        name=name,
        folder=folder,
        sagemaker=sagemaker,
        artifacts=S3Artifacts(workspace.client("s3")),
        reports=S3Reports(workspace.client("s3")),
        pause=LOCAL_PAUSE if workspace.is_local else AWS_PAUSE,
        progress=frame.progress,
    )


def _tell_ingredients(out: Console, ingredients: list[Ingredient], plan: Plan) -> None:
    for one in ingredients:
        out.print(f"  {MARKS[one.state]} {one.what}: {one.detail}", markup=False)
    out.print("what can't be pinned:")
    for said in _not_pinned(plan):
        out.print(f"  · {said}", markup=False)


def _show(out: Console, document: dict[str, Any]) -> None:
    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.10g}"

    rows = [
        (
            one["of"],
            one["name"],
            number(one["recorded"]),
            number(one["again"]),
            "equal" if one["difference"] == 0 else number(one["difference"]),
        )
        for one in document["metrics"]
    ]
    if rows:
        out.print(frame.table(("", "metric", "recorded", "again", "relative difference"), rows))
    out.print(document["summary"], markup=False)
