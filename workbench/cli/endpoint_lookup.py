"""Endpoints by what people call them, and what stands behind each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.costs import Prices


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
    names = [one["EndpointName"] for one in listed(workspace)]
    # One that was stopped is in the ledger alone.
    known = [endpoint(prefix, project, model) for project in _projects(workspace, model)]
    chosen = sorted(
        {name for name in names if name == model or name.endswith(f"-{model}")} | ({*known} - {*names})
    )
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


def _projects(workspace: frame.Workspace, model: str) -> list[str]:
    from workbench.cli.release import ledger_of

    return ledger_of(workspace).projects_of(model)


def listed(workspace: frame.Workspace) -> list[dict[str, Any]]:
    """Summaries of the environment's endpoints."""
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
    DescribeEndpoint, with what serves behind it.

    ``Identity`` is the champion's; ``Variants`` has a row for each version, shadows last; ``UsdPerMonth`` is
    None where a price is not known; ``Asynchronous`` says that it takes requests with ``--async`` alone.

    Raises:
        Refusal: There is no such endpoint, or it was stopped.
    """
    from botocore.exceptions import ClientError

    from slipway.domain.costs import Prices

    sagemaker = workspace.client("sagemaker")
    try:
        answer = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find" not in error.response["Error"].get("Message", ""):
            raise
        raise _absent(workspace, name) from error
    answer.pop("ResponseMetadata", None)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=answer["EndpointConfigName"])
    prices = Prices(workspace.platform().get("prices", {}))
    answer["Variants"] = _variants(sagemaker, answer, config, prices)
    answer["Asynchronous"] = "AsyncInferenceConfig" in config
    answer["Identity"] = answer["Variants"][0]["identity"]
    answer["InstanceType"] = answer["Variants"][0]["instance_type"]
    costs = [one["usd_per_month"] for one in answer["Variants"]]
    answer["UsdPerMonth"] = None if None in costs else sum(costs)
    return dict(answer)


def _absent(workspace: frame.Workspace, name: str) -> frame.Refusal:
    """Why SageMaker has no such endpoint: there was none, somebody stopped it, or deleted it by hand."""
    from workbench.cli.release import ledger_of

    state = ledger_of(workspace).endpoint_state(name)
    if state is None:
        return frame.Refusal(
            f"there is no endpoint {name!r}", "`slipway endpoint list` shows them", frame.EXIT_NOT_FOUND
        )
    model, version = f"{state['project']}/{state['model']}", state["layout"][0]["version"]
    if state["status"] == "stopped":
        return frame.Refusal(
            f"endpoint {name} was stopped at {state['changed_at']} by {state['actor']}: {state['reason']}",
            f"`slipway endpoint start {model}` brings it back with {version}",
            frame.EXIT_NOT_FOUND,
        )
    return frame.Refusal(
        f"endpoint {name} is gone, though the ledger knows of no stop: somebody deleted it by hand",
        f'`slipway promote {model}:{version} --reason "…"` makes it again',
        frame.EXIT_NOT_FOUND,
    )


def _variants(
    sagemaker: Any, described: Mapping[str, Any], config: Mapping[str, Any], prices: Prices
) -> list[dict[str, Any]]:
    now = {
        one["VariantName"]: one
        for kind in ("ProductionVariants", "ShadowProductionVariants")
        for one in described.get(kind) or ()
    }
    production = config["ProductionVariants"]
    weights = {
        one["VariantName"]: float(
            now.get(one["VariantName"], {}).get("CurrentWeight", one["InitialVariantWeight"])
        )
        for one in production
    }
    total = sum(weights.values()) or 1.0
    rows = [
        _variant(sagemaker, one, now, prices, share=weights[one["VariantName"]] / total, shadow=False)
        for one in production
    ]
    return rows + [
        _variant(sagemaker, one, now, prices, share=float(one.get("InitialVariantWeight", 1.0)), shadow=True)
        for one in config.get("ShadowProductionVariants") or ()
    ]


def _variant(
    sagemaker: Any,
    configured: Mapping[str, Any],
    now: Mapping[str, Any],
    prices: Prices,
    *,
    share: float,
    shadow: bool,
) -> dict[str, Any]:
    name, serverless = configured["VariantName"], "ServerlessConfig" in configured
    count = now.get(name, {}).get("CurrentInstanceCount", configured.get("InitialInstanceCount", 0))
    kind = "serverless" if serverless else configured["InstanceType"]
    return {
        "variant": name,
        "identity": _identity(sagemaker.describe_model(ModelName=configured["ModelName"])),
        "share": share,
        "shadow": shadow,
        "instance_type": kind,
        "instances": 0 if serverless else count,
        # Serverless is paid by the call.
        "usd_per_month": 0.0 if serverless else prices.usd_per_month(kind, count),
    }


def _identity(model: Mapping[str, Any]) -> dict[str, str]:
    from slipway.contracts.container import IDENTITY

    container = model.get("PrimaryContainer") or (model.get("Containers") or [{}])[0]
    return dict(json.loads(container.get("Environment", {}).get(IDENTITY, "{}")))
