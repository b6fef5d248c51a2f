"""Notices of what serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.amounts import day_and_time, sentence
from slipway.domain.endpoint_changes import change_after, change_headline, layout_lines
from slipway.domain.notices.notice import (
    Notice,
    present,
    release_id,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_service(detail: Mapping[str, Any], region: str) -> Notice:
    endpoint = detail.get("endpoint") or {}
    identity = endpoint.get("identity") or {}
    name = str(endpoint.get("endpoint_name", ""))
    tested = endpoint.get("smoke_status")
    milliseconds = endpoint.get("smoke_milliseconds")
    took = f" in {milliseconds:.0f} ms" if isinstance(milliseconds, int | float) else ""
    return Notice(
        tone="good",
        headline=f"{subject(detail)}: in service",
        lead=f"Endpoint {name} now serves version {detail.get('version', '')}.",
        facts=present(
            ("Endpoint", name),
            ("Region", region),
            ("ARN", endpoint.get("endpoint_arn")),
            ("Variant", endpoint.get("variant")),
            ("Instances", f"{endpoint.get('instance_count', '')} x {endpoint.get('instance_type', '')}"),
            ("Configuration", endpoint.get("endpoint_config_name")),
            ("Image", identity.get("image_digest")),
            ("Trained on", identity.get("data_version")),
            ("Smoke test", f"{tested}{took}" if tested else ""),
        ),
        commands=[
            ("Call it (the model's slipway.toml has a sample request)", _invocation(name, region)),
            ("Which version answers", f"slipway endpoint show {detail.get('project')}/{detail.get('model')}"),
        ],
        release_id=release_id(detail),
    )


def changed(detail: Mapping[str, Any], region: str) -> Notice:
    endpoint = detail.get("endpoint") or {}
    action, name = str(endpoint.get("action", "")), str(endpoint.get("endpoint_name", ""))
    layout = layout_lines(endpoint.get("layout") or ())
    return Notice(
        tone="plain",
        headline=f"{subject(detail)}: {change_headline(action)}",
        lead=f"Endpoint {name} was changed. {change_after(action)}".strip(),
        facts=present(
            ("Endpoint", name),
            ("Region", region),
            ("Who answers", layout),
            ("Configuration", endpoint.get("endpoint_config_name")),
        ),
        commands=[
            ("What serves", f"slipway endpoint show {detail.get('project')}/{detail.get('model')}"),
        ],
        release_id=release_id(detail),
    )


def _invocation(endpoint: str, region: str) -> str:
    return (
        f"aws sagemaker-runtime invoke-endpoint --region {region} --endpoint-name {endpoint} "
        "--content-type application/json --body fileb://request.json answer.json"
    )


def idle(detail: Mapping[str, Any], _region: str) -> Notice:
    model, stops_at = f"{detail.get('project')}/{detail.get('model')}", str(detail.get("stops_at") or "")
    usd = detail.get("usd_per_month")
    costs = f"{usd:,.2f} USD a month" if isinstance(usd, int | float) else ""
    return Notice(
        tone="waiting" if stops_at else "plain",
        headline=f"{subject(detail)}: nobody calls its endpoint",
        lead=f"Endpoint {detail.get('endpoint')} was last called or changed at "
        f"{day_and_time(str(detail.get('idle_since', '')))}."
        + (f" Unless somebody calls it, it is stopped at {day_and_time(stops_at)}." if stops_at else ""),
        facts=present(("Costs", costs)),
        commands=[("Stop it now", f"slipway endpoint stop {model} --reason 'nobody needs it'")],
        next_action="To keep it, call it, or release a version with keep_idle = true under [serving]. "
        "A stopped endpoint comes back with `slipway endpoint start`.",
        release_id=release_id(detail),
    )


def alarm(detail: Mapping[str, Any], region: str) -> Notice:
    rings = detail.get("state") == "ALARM"
    model = f"{detail.get('project')}/{detail.get('model')}"
    what = str(detail.get("what") or "an alarm")
    return Notice(
        tone="bad" if rings else "good",
        headline=f"{subject(detail)}: {'alarm' if rings else 'alarm over'}, {what}",
        lead=sentence(f"{what[:1].upper()}{what[1:]}" if rings else f"No longer so: {what}"),
        facts=present(
            ("Endpoint", detail.get("endpoint")),
            ("Region", region),
            ("Alarm", detail.get("alarm")),
            ("CloudWatch says", detail.get("reason")),
        ),
        commands=[
            ("Look at it", f"slipway dashboard {model}"),
            ("Go back to what served before", f'slipway rollback {model} --reason "{what}"'),
        ]
        if rings
        else [],
        next_action="Look at the dashboard; the runbook has the steps." if rings else "",
        link=str(detail.get("runbook") or "") if rings else "",
        release_id=release_id(detail),
    )
