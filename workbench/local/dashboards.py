"""PutDashboard, which takes only what CloudWatch would take, and IAM's resources of dashboards and alarms."""

from __future__ import annotations

import json
from typing import Any

from workbench.local import seams
from workbench.local.dashboard_rules import problems


def install() -> None:
    """Check bodies before they are stored, and let policies name dashboards."""
    put_before = seams.CLOUDWATCH.put_dashboard

    def put(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:  # noqa: FBT001, FBT002 - upstream's signature
        body = cbor_data.get("DashboardBody") if is_cbor or is_json else params.get("DashboardBody", [""])[0]
        if found := problems(str(body or "")):
            return seams.CLOUDWATCH.error(
                "InvalidParameterInput",
                f"The dashboard body is invalid, there are {len(found)} validation errors: {found}",
                400,
                is_json,
                is_cbor,
            )
        return put_before(params, cbor_data, is_cbor, is_json)

    seams.CLOUDWATCH.replace("put_dashboard", put)
    resource_before = seams.IAM_ACTIONS.extract_resource

    def resource(  # upstream's signature
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        named = _named(body, region, account) if service == "monitoring" else ""
        return named or resource_before(service, method, path, headers, body, query, region, account)

    seams.IAM_ACTIONS.replace("extract_resource", resource)


def _named(body: bytes, region: str, account: str) -> str:
    """The one dashboard or alarm that a request is about; empty: upstream knows, or there are many."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return ""
    if not isinstance(request, dict):
        return ""
    dashboards = request.get("DashboardNames") or [request.get("DashboardName")]
    if len(dashboards) == 1 and dashboards[0]:
        return f"arn:aws:cloudwatch::{account}:dashboard/{dashboards[0]}"
    alarms = request.get("AlarmNames") or []
    if len(alarms) == 1:
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarms[0]}"
    if "AlarmNamePrefix" in request:
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:*"
    return ""
