"""``slipway endpoint``: list, show, invoke, metrics, history, stop, start, outcome."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame, outcome
from workbench.cli.endpoint_history import history, layout_in_words
from workbench.cli.endpoint_life import start, stop
from workbench.cli.endpoint_lookup import describe, endpoint_name, listed
from workbench.cli.endpoint_metrics import metrics

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from rich.console import Console

    from slipway.contracts.ledger import EndpointState


@click.group("endpoint")
def group() -> None:
    """List, show, invoke, stop and start endpoints, and tell what they served when."""


for one in (metrics, history, stop, start, outcome.command):
    group.add_command(one)


@group.command("list")
@frame.pass_workspace
def list_endpoints(workspace: frame.Workspace) -> None:
    """List the platform's endpoints and the versions that serve."""
    described = [describe(workspace, one["EndpointName"]) for one in listed(workspace)]
    columns = ("endpoint", "status", "serves", "data", "instances", "USD a month", "changed")

    def row(one: dict[str, Any]) -> tuple[str, ...]:
        return (
            one["EndpointName"],
            one["EndpointStatus"],
            ", ".join(map(_serves, one["Variants"])),
            one["Identity"].get("data_version", "?"),
            ", ".join(map(_instances, one["Variants"])),
            _usd(one["UsdPerMonth"]),
            f"{one['LastModifiedTime']:%Y-%m-%d %H:%M:%S}",
        )

    frame.emit(workspace, described, lambda out: out.print(frame.table(columns, map(row, described))))


def _serves(variant: dict[str, Any]) -> str:
    version = variant["identity"].get("version", "?")
    if variant["shadow"]:
        return f"{version} as shadow"
    return version if variant["share"] == 1 else f"{version} {variant['share']:.0%}".replace("%", " %")


def _instances(variant: dict[str, Any]) -> str:
    if variant["instance_type"] == "serverless":
        return "serverless"
    return f"{variant['instances']} × {variant['instance_type']}"


def _usd(amount: float | None) -> str:
    return "not known" if amount is None else f"{amount:,.2f}"


@group.command("show")
@click.argument("model")
@frame.pass_workspace
def show(workspace: frame.Workspace, model: str) -> None:
    """
    Show the endpoint of a MODEL: its state, the versions behind it with their shares, who approved them.

    Says what it costs, and whether somebody changed it by hand.
    """
    from workbench.cli.release import ledger_of

    endpoint = describe(workspace, endpoint_name(workspace, model))
    ledger, identity = ledger_of(workspace), endpoint["Identity"]
    if identity:
        endpoint["Champion"] = ledger.alias(identity["project"], identity["model"], "champion")
        endpoint["Version"] = ledger.version(identity["project"], identity["model"], identity["version"])
    endpoint["Drift"] = _drift(endpoint, ledger.endpoint_state(endpoint["EndpointName"]))
    frame.emit(workspace, endpoint, lambda out: _show(out, endpoint))


def _drift(endpoint: dict[str, Any], state: EndpointState | None) -> str:
    """How what serves differs from what the ledger believes, in words; empty: it does not."""
    served = endpoint["EndpointConfigName"]
    if state is None or endpoint["EndpointStatus"] != "InService":
        return ""
    if state["status"] == "stopped":
        return f"{state['actor']} stopped it at {state['changed_at']}, and somebody made it again by hand"
    if served == state["config_name"]:
        return ""
    return (
        f"somebody set config {served} by hand; the ledger believes {state['config_name']}, "
        f"which is {layout_in_words(state)}. Promotions refuse to overwrite it, "
        f"unless they say --accept-drift {served}"
    )


def _show(out: Console, endpoint: dict[str, Any]) -> None:
    version, champion = endpoint.get("Version") or {}, endpoint.get("Champion") or {}
    facts = {
        "endpoint": endpoint["EndpointName"],
        "status": endpoint["EndpointStatus"],
        "config": endpoint["EndpointConfigName"],
        "changed by hand": endpoint["Drift"],
        **{name.replace("_", " "): value for name, value in endpoint["Identity"].items()},
        "champion": f"{champion['version']} since {champion['moved_at']}" if champion else "",
        "approved by": version.get("approver", ""),
        "release": version.get("release_id", ""),
        "metrics": ", ".join(f"{k} {float(v):g}" for k, v in version.get("metrics", {}).items()),
        "USD a month": _usd(endpoint["UsdPerMonth"]),
        "failure": endpoint.get("FailureReason", ""),
    }
    for name, value in facts.items():
        if value:
            out.print(f"{name:16} {value}", markup=False)
    columns = ("variant", "serves", "instances", "USD a month")
    rows = [
        (one["variant"], _serves(one), _instances(one), _usd(one["usd_per_month"]))
        for one in endpoint["Variants"]
    ]
    out.print(frame.table(columns, rows))


def invoke_endpoint(
    workspace: frame.Workspace,
    name: str,
    body: bytes,
    content_type: str,
    accept: str,
    *,
    variant: str = "",
    inference_id: str | None = None,
) -> dict[str, Any]:
    """
    One request, and the answer with the identity that it carries, as ``--json`` prints it.

    Without ``variant``, SageMaker draws one by its weight.
    """
    from slipway.domain.identity import parse_identity

    started = time.perf_counter()
    answer = workspace.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name,
        Body=body,
        ContentType=content_type,
        Accept=accept,
        **({"TargetVariant": variant} if variant else {}),
        **({"InferenceId": inference_id} if inference_id else {}),
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
@click.argument("model", metavar="[PROJECT/]MODEL[:VERSION]")
@click.option("--body", help="The request's body.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path, allow_dash=True), help="The body's file, or -."
)
@click.option("--inference-id", metavar="ID", help="By which its outcome can be reported later.")
@click.option("--content-type", default="application/json", show_default=True)
@click.option("--accept", default="application/json", show_default=True)
@click.option(
    "--async", "asynchronous", is_flag=True, help="To an asynchronous endpoint; waits for the result."
)
@click.option(
    "--input-location", metavar="S3-URI", help="With --async: where the body lies, in the artifact bucket."
)
@click.option(
    "--wait", "seconds", type=click.FloatRange(0), default=900.0, show_default=True,
    help="With --async: seconds until the result must be there; 0: do not wait.",
)  # fmt: skip
@frame.pass_workspace
def invoke(
    workspace: frame.Workspace,
    model: str,
    body: str | None,
    path: Path | None,
    content_type: str,
    accept: str,
    inference_id: str | None,
    *,
    asynchronous: bool,
    input_location: str | None,
    seconds: float,
) -> None:
    """
    Send one request to the endpoint of a MODEL; without a body, the sample of its manifest.

    With a VERSION that stands on the endpoint, that one answers, whatever its share of the traffic.

    Prints the prediction, then which model made it.
    """
    from botocore.exceptions import ClientError

    model, _, version = model.partition(":")
    name = endpoint_name(workspace, model)
    if asynchronous or input_location:
        payload, content_type, accept = (
            (input_location, content_type, accept)
            if input_location
            else _payload(workspace, name, body, path, content_type, accept)
        )
        _invoke_async(workspace, name, payload, content_type, accept, inference_id, seconds)
        return
    variant = _variant_of(workspace, name, version) if version else ""
    payload, content_type, accept = _payload(workspace, name, body, path, content_type, accept)
    try:
        answer = invoke_endpoint(
            workspace, name, payload, content_type, accept, variant=variant, inference_id=inference_id
        )
    except ClientError as error:
        raise (no_answer(workspace, name, model, error) or error) from error
    identity = ", ".join(f"{key} {value}" for key, value in answer["identity"].items())

    def render(out: Console) -> None:
        out.print(answer["body"], markup=False)
        out.print(f"by {identity or 'a model that does not say what it is'}", markup=False)
        out.print(f"{answer['milliseconds']} ms, variant {answer['variant']}", markup=False)

    frame.emit(workspace, answer, render)


def no_answer(workspace: frame.Workspace, name: str, model: str, error: ClientError) -> frame.Refusal | None:
    """
    Why a request was not answered, where that is known.

    Raises:
        Refusal: There is no such endpoint, or it was stopped.
    """
    if error.response["Error"]["Code"] == "ModelError":
        status = error.response.get("OriginalStatusCode", "?")
        return frame.Refusal(
            f"the model answered {status}: {error.response.get('OriginalMessage', error)}",
            f"see its log: `slipway logs {name}`",
        )
    if not describe(workspace, name)["Asynchronous"]:
        return None
    return frame.Refusal(
        f"endpoint {name} is asynchronous: it takes requests, and puts their results into S3",
        f"`slipway endpoint invoke {model} --async` waits for the result",
        frame.EXIT_USAGE,
    )


def _invoke_async(
    workspace: frame.Workspace,
    name: str,
    body: bytes | str,
    content_type: str,
    accept: str,
    inference_id: str | None,
    seconds: float,
) -> None:
    from botocore.exceptions import ClientError

    from workbench.cli import endpoint_async

    try:
        asked = endpoint_async.ask(workspace, name, body, content_type, accept, inference_id)
    except ClientError:
        describe(workspace, name)  # which says what became of an endpoint that is not there
        raise
    frame.progress(f"accepted as {asked['inference_id']}; the result will lie at {asked['output']}")
    if seconds:
        asked = endpoint_async.result(workspace, asked, seconds)
    frame.emit(workspace, asked, lambda out: out.print(asked.get("body", asked["output"]), markup=False))


def _variant_of(workspace: frame.Workspace, name: str, version: str) -> str:
    """
    The production variant of a version.

    Raises:
        Refusal: It does not stand on the endpoint, or as a shadow, which answers nobody.
    """
    variants = describe(workspace, name)["Variants"]
    for one in variants:
        if one["identity"].get("version") == version and not one["shadow"]:
            return str(one["variant"])
    raise frame.Refusal(
        f"version {version} does not answer on endpoint {name}; it has {', '.join(map(_serves, variants))}",
        "`slipway promote MODEL:VERSION --beside` puts a version there, without a share of the traffic",
        frame.EXIT_NOT_FOUND,
    )


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
