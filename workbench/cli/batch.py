"""``slipway batch``: ask a registered version of many records at once, without an endpoint."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.calls import version_named

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.contracts.ledger import VersionRecord
    from slipway.domain.batch import Batch
    from workbench.batch import BatchRun

LOCAL_PAUSE, AWS_PAUSE = 0.25, 10.0
SHOWN_COMPLAINTS: Final = 10


@click.group("batch")
def group() -> None:
    """Run, list and stop batches: a version asked of files by SageMaker's batch transform."""


@group.command("run")
@click.argument("reference", metavar="[PROJECT/]MODEL[@ALIAS|:VERSION]")
@click.option(
    "--input", "source", required=True, metavar="S3-URI|PATH",
    help="An object or prefix in S3, or a file or directory here; .gz is unpacked.",
)  # fmt: skip
@click.option(
    "--output", metavar="S3-URI|DIRECTORY",
    help="Where outputs are brought to; default: they stay in the artifact bucket.",
)  # fmt: skip
@click.option("--content-type", help="Of the records; default: by the inputs' names, else the manifest's.")
@click.option("--accept", default="", help="Of the answers; default: as the model likes.")
@click.option(
    "--split", type=click.Choice(("line", "none")),
    help="Whether each line is a record, or each file; default: lines for CSV and JSON Lines.",
)  # fmt: skip
@click.option("--single", is_flag=True, help="One record in each request, not as many as fit.")
@click.option("--at-a-time", type=click.IntRange(1, 100), help="Requests at the same time on an instance.")
@click.option("--payload-mb", type=click.IntRange(0, 100), help="Most megabytes of a request; default: 6.")
@click.option("--instances", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--instance-type", default="", help="Default: that of the version's endpoint.")
@click.option("--join", is_flag=True, help="Put each answer beside its record.")
@click.option("--input-filter", default="", metavar="JSONPATH", help="What of a record the model is asked.")
@click.option("--output-filter", default="", metavar="JSONPATH", help="What of the answers is kept.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until it has ended.")
@frame.pass_workspace
def run(
    workspace: frame.Workspace,
    reference: str,
    source: str,
    output: str | None,
    *,
    wait: bool,
    **options: Any,
) -> None:
    """
    Ask a version (default: the champion) of all records of the input.

    The image, artifact and role are those that would serve; no endpoint is needed or touched. Inputs are
    copied into the artifact bucket, and each has an output of its name with .out. Ends with 0 when every
    input was answered, else with 1. Needs the role operate.
    """
    from workbench.batch import MixedInputError, NoInputError
    from workbench.cli.release import ledger_of

    if output and not wait:
        raise frame.Refusal("--output needs --wait: outputs are brought when the job has ended")
    record = version_named(ledger_of(workspace), reference)
    if record.get("artifact_removed_at"):
        raise frame.Refusal(f"the artifact of {record['model']}:{record['version']} was removed")
    batch_run = _batch_run(workspace, record)
    try:
        found = batch_run.inputs(source)
    except (NoInputError, MixedInputError) as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_BAD_INPUT) from error
    said = f"{record['project']}/{record['model']}:{record['version']}"
    frame.progress(f"{said} is asked as {batch_run.name}")
    batch_run.stage(found, frame.progress)
    inputs = [name for name, _ in found]
    _start(workspace, record, batch_run, _batch(record, inputs[0], **options), inputs[0].endswith(".gz"))
    document: dict[str, Any] = {
        "job": batch_run.name,
        "project": record["project"],
        "model": record["model"],
        "version": record["version"],
        "inputs": len(inputs),
        "output": batch_run.output_uri,
    }
    if not wait:
        frame.emit(workspace, document, lambda out: _show(out, document))
        return
    _finish(workspace, batch_run, document, output)


def _batch(record: VersionRecord, first: str, **options: Any) -> Batch:
    from slipway.domain.batch import IN_LINES, Batch, content_type_of

    split, given = options.pop("split"), options.pop("content_type")
    sample = record["manifest"]["serving"].get("sample") or {}
    content_type = given or content_type_of(first, sample.get("content_type", "application/json"))
    lines = split == "line" if split else content_type.partition(";")[0].strip() in IN_LINES
    return Batch(content_type=content_type, lines=lines, **options)


def _batch_run(workspace: frame.Workspace, record: VersionRecord) -> BatchRun:
    from slipway.domain.batch import folder, job_name
    from workbench.batch import BatchRun

    platform, moment = workspace.platform(), f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    return BatchRun(
        s3=workspace.client("s3"),
        sagemaker=workspace.client("sagemaker"),
        name=job_name(record, platform["resource_prefix"], moment),
        folder=folder(platform["artifact_bucket"], record, moment),
    )


def _start(
    workspace: frame.Workspace, record: VersionRecord, batch_run: BatchRun, batch: Batch, packed: bool
) -> None:
    from botocore.exceptions import ClientError

    from slipway.domain.batch import model_request

    platform = workspace.platform()
    role = platform.get("serving_role_arn")
    if not role:
        raise frame.Refusal(
            "this platform was deployed before it knew batches", "deploy it again", frame.EXIT_UNREACHABLE
        )
    words = ("project", record["project"]), ("model", record["model"]), ("version", record["version"])
    tags = [{"Key": f"slipway:{key}", "Value": value} for key, value in words]
    try:
        batch_run.start(
            record,
            batch,
            model_request(record, name=batch_run.name, serving_role_arn=role, tags=tags),
            compressed=packed,
            data_key_arn=platform["data_key_arn"],
            tags=tags,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        raise frame.Refusal(
            f"SageMaker refuses the job: {error.response['Error']['Message']}", exit_code=frame.EXIT_USAGE
        ) from error


def _finish(
    workspace: frame.Workspace, batch_run: BatchRun, document: dict[str, Any], output: str | None
) -> None:
    """
    Wait, bring the outputs, and say what came of it.

    Raises:
        Refusal: Not every input was answered.
    """
    from workbench.batch import complaints

    pause = LOCAL_PAUSE if workspace.is_local else AWS_PAUSE
    try:
        job = batch_run.wait(document["inputs"], pause, frame.progress)
    except KeyboardInterrupt:
        frame.progress(f"it goes on; stop it with `slipway batch stop {batch_run.name}`")
        raise
    batch_run.forget_model()
    made = batch_run.outputs()
    document |= {
        "status": job["TransformJobStatus"],
        "failure": job.get("FailureReason", ""),
        "seconds": (job["TransformEndTime"] - job["CreationTime"]).total_seconds(),
        "outputs": made,
        "failed": document["inputs"] - len(made),
        "complaints": [],
    }
    if job["TransformInput"].get("SplitType") == "Line":
        document["rows"] = sum(map(batch_run.lines, made))
    if document["failed"]:
        document["complaints"] = complaints(workspace.client("logs"), batch_run.name)
    if output:
        batch_run.deliver(output)
        document["output"] = output
    frame.emit(workspace, document, lambda out: _show(out, document))
    if document["status"] != "Completed":
        raise frame.Refusal(
            f"{batch_run.name} {document['status'].lower()}: {document['failure'] or 'somebody stopped it'}",
            f"its log: `slipway logs {batch_run.name}`",
        )


def _show(out: Console, document: dict[str, Any]) -> None:
    facts = {
        "job": document["job"],
        "status": document.get("status", "started"),
        "inputs": document["inputs"],
        "outputs": len(document.get("outputs", ())) or "",
        "rows": document.get("rows", ""),
        "failed": document.get("failed") or "",
        "output": document["output"],
    }
    for name, value in facts.items():
        if value != "":
            out.print(f"{name:8} {value}", markup=False)
    for complaint in document.get("complaints", ())[:SHOWN_COMPLAINTS]:
        out.print(f"  {complaint}", markup=False)


@group.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@frame.pass_workspace
def list_batches(workspace: frame.Workspace, limit: int) -> None:
    """List batches, newest first."""
    prefix = workspace.platform()["resource_prefix"]
    found = workspace.client("sagemaker").list_transform_jobs(
        NameContains=f"{prefix}-", MaxResults=limit, SortBy="CreationTime", SortOrder="Descending"
    )["TransformJobSummaries"]
    rows = [
        (one["TransformJobName"], one["TransformJobStatus"], f"{one['CreationTime']:%Y-%m-%d %H:%M:%S}")
        for one in found
    ]
    frame.emit(workspace, found, lambda out: out.print(frame.table(("job", "status", "asked"), rows)))


@group.command("stop")
@click.argument("job")
@frame.pass_workspace
def stop(workspace: frame.Workspace, job: str) -> None:
    """Stop the batch JOB; outputs that are complete stay. Needs the role operate."""
    from botocore.exceptions import ClientError

    try:
        workspace.client("sagemaker").stop_transform_job(TransformJobName=job)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        missing = "Could not find" in error.response["Error"]["Message"]
        raise frame.Refusal(
            error.response["Error"]["Message"],
            "`slipway batch list` shows them",
            frame.EXIT_NOT_FOUND if missing else frame.EXIT_FAILED,
        ) from error
    frame.emit(workspace, {"job": job}, lambda out: out.print(f"{job} is being stopped", markup=False))
