"""``slipway endpoint``: list, show, invoke."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from rich.console import Console


@click.group("endpoint")
def group() -> None:
    """List, show and invoke endpoints."""


def endpoint_name(workspace: frame.Workspace, model: str) -> str:
    """
    The endpoint of ``PROJECT/MODEL``, of a MODEL whose project is clear, or an endpoint's own name.

    Raises:
        Refusal: No endpoint, or more than one, goes by that name.
    """
    from slipway.contracts.names import endpoint

    prefix = workspace.platform()["resource_prefix"]
    if "/" in model:
        project, name = model.split("/", 1)
        return endpoint(prefix, project, name)
    names: list[str] = [one["EndpointName"] for one in _endpoints(workspace)]
    chosen = [name for name in names if name == model or name.endswith(f"-{model}")]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        raise frame.Refusal(
            f"{model!r} names {len(chosen)} endpoints: {', '.join(chosen)}", "say PROJECT/MODEL"
        )
    raise frame.Refusal(
        f"no endpoint serves {model!r}; there are: {', '.join(names) or 'none'}",
        "see `slipway release list`: a version serves once it was approved",
        frame.EXIT_NOT_FOUND,
    )


def _endpoints(workspace: frame.Workspace) -> list[dict[str, Any]]:
    pages = workspace.client("sagemaker").get_paginator("list_endpoints")
    prefix = workspace.platform()["resource_prefix"]
    return [
        one
        for page in pages.paginate(NameContains=prefix)
        for one in page["Endpoints"]
        if one["EndpointName"].startswith(f"{prefix}-")
    ]


def describe(workspace: frame.Workspace, name: str) -> dict[str, Any]:
    """
    An endpoint with what serves behind it.

    Raises:
        Refusal: There is no such endpoint.
    """
    from botocore.exceptions import ClientError

    sagemaker = workspace.client("sagemaker")
    try:
        answer = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find" not in error.response["Error"].get("Message", ""):
            raise
        raise frame.Refusal(
            f"there is no endpoint {name!r}", "`slipway endpoint list` shows them", frame.EXIT_NOT_FOUND
        ) from error
    answer.pop("ResponseMetadata", None)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=answer["EndpointConfigName"])
    variants = config["ProductionVariants"]
    answer["Identity"] = _identity(sagemaker.describe_model(ModelName=variants[0]["ModelName"]))
    answer["InstanceType"] = variants[0].get("InstanceType", "serverless")
    return dict(answer)


def _identity(model: dict[str, Any]) -> dict[str, str]:
    from slipway.contracts.container import IDENTITY

    container = model.get("PrimaryContainer") or (model.get("Containers") or [{}])[0]
    return dict(json.loads(container.get("Environment", {}).get(IDENTITY, "{}")))


@group.command("list")
@frame.pass_workspace
def list_endpoints(workspace: frame.Workspace) -> None:
    """List the platform's endpoints and the versions that serve."""
    described = [describe(workspace, one["EndpointName"]) for one in _endpoints(workspace)]
    columns = ("endpoint", "status", "version", "data", "instances", "changed")

    def row(one: dict[str, Any]) -> tuple[str, ...]:
        variant = (one.get("ProductionVariants") or [{}])[0]
        return (
            one["EndpointName"],
            one["EndpointStatus"],
            one["Identity"].get("version", "?"),
            one["Identity"].get("data_version", "?"),
            f"{variant.get('CurrentInstanceCount', '?')} × {one['InstanceType']}",
            f"{one['LastModifiedTime']:%Y-%m-%d %H:%M:%S}",
        )

    frame.emit(workspace, described, lambda out: out.print(frame.table(columns, map(row, described))))


@group.command("show")
@click.argument("model")
@frame.pass_workspace
def show(workspace: frame.Workspace, model: str) -> None:
    """Show the endpoint of a MODEL: its state, the version behind it, who approved it."""
    from workbench.cli.release import ledger_of

    endpoint = describe(workspace, endpoint_name(workspace, model))
    identity = endpoint["Identity"]
    if identity:
        ledger = ledger_of(workspace)
        endpoint["Champion"] = ledger.alias(identity["project"], identity["model"], "champion")
        endpoint["Version"] = ledger.version(identity["project"], identity["model"], identity["version"])

    def render(out: Console) -> None:
        version, champion = endpoint.get("Version") or {}, endpoint.get("Champion") or {}
        facts = {
            "endpoint": endpoint["EndpointName"],
            "status": endpoint["EndpointStatus"],
            "config": endpoint["EndpointConfigName"],
            **{name.replace("_", " "): value for name, value in identity.items()},
            "champion": f"{champion['version']} since {champion['moved_at']}" if champion else "",
            "approved by": version.get("approver", ""),
            "release": version.get("release_id", ""),
            "metrics": ", ".join(f"{k} {float(v):g}" for k, v in version.get("metrics", {}).items()),
            "failure": endpoint.get("FailureReason", ""),
        }
        for name, value in facts.items():
            if value:
                out.print(f"{name:14} {value}", markup=False)

    frame.emit(workspace, endpoint, render)


def invoke_endpoint(
    workspace: frame.Workspace, name: str, body: bytes, content_type: str, accept: str
) -> dict[str, Any]:
    """One request, and the answer with the identity that it carries, as ``--json`` prints it."""
    from slipway.domain.identity import parse_identity

    started = time.perf_counter()
    answer = workspace.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=body, ContentType=content_type, Accept=accept
    )
    payload = answer["Body"].read()
    return {
        "endpoint": name,
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "body": payload.decode("utf-8", "replace"),
        "content_type": answer.get("ContentType", ""),
        "variant": answer.get("InvokedProductionVariant", ""),
        "identity": parse_identity(answer.get("CustomAttributes", "")),
        "milliseconds": round((time.perf_counter() - started) * 1000, 2),
    }


@group.command("invoke")
@click.argument("model")
@click.option("--body", help="The request's body.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path, allow_dash=True), help="The body's file, or -."
)
@click.option("--content-type", default="application/json", show_default=True)
@click.option("--accept", default="application/json", show_default=True)
@frame.pass_workspace
def invoke(
    workspace: frame.Workspace,
    model: str,
    body: str | None,
    path: Path | None,
    content_type: str,
    accept: str,
) -> None:
    """
    Send one request to the endpoint of a MODEL; without a body, the sample of its manifest.

    Prints the prediction, then which model made it.
    """
    from botocore.exceptions import ClientError

    name = endpoint_name(workspace, model)
    payload, content_type, accept = _payload(workspace, name, body, path, content_type, accept)
    try:
        answer = invoke_endpoint(workspace, name, payload, content_type, accept)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ModelError":
            raise
        status = error.response.get("OriginalStatusCode", "?")
        raise frame.Refusal(
            f"the model answered {status}: {error.response.get('OriginalMessage', error)}",
            f"see its log: `slipway logs {name}`",
        ) from error
    identity = ", ".join(f"{key} {value}" for key, value in answer["identity"].items())

    def render(out: Console) -> None:
        out.print(answer["body"], markup=False)
        out.print(f"by {identity or 'a model that does not say what it is'}", markup=False)
        out.print(f"{answer['milliseconds']} ms, variant {answer['variant']}", markup=False)

    frame.emit(workspace, answer, render)


def _payload(
    workspace: frame.Workspace, name: str, body: str | None, path: Path | None, content_type: str, accept: str
) -> tuple[bytes, str, str]:
    """
    The body with its content type and the wanted answer's.

    Raises:
        Refusal: No body was given, and the model's manifest has no sample.
    """
    if body is not None:
        return body.encode(), content_type, accept
    if path is not None:
        return (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()), content_type, accept
    from workbench.cli.release import ledger_of

    identity = describe(workspace, name)["Identity"]
    version = identity and ledger_of(workspace).version(
        identity["project"], identity["model"], identity["version"]
    )
    sample = (version or {}).get("manifest", {}).get("serving", {}).get("sample")
    if not sample:
        raise frame.Refusal("there is nothing to send", "give --body or --file", frame.EXIT_USAGE)
    return sample["body"].encode(), sample["content_type"], sample.get("accept", accept)
