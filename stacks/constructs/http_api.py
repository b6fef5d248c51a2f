"""An HTTP API's routes and its one stage; the constructs are those of the stack that asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_logs as logs

from stacks.constructs.statements import arn

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.constructs.functions import TaskFunction

LOGGED: Final = {
    # No query string: it may hold a signature.
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "route": "$context.routeKey",
    "status": "$context.status",
    "sourceIp": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "latencyMs": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}


def route(
    scope: Construct,
    api: apigateway.CfnApi,
    method: str,
    path: str,
    function: TaskFunction,
    *,
    authorization: Literal["NONE", "AWS_IAM"],
    name: str = "",
) -> apigateway.CfnRoute:
    """One route to a function, which lets it; ids of its constructs begin with ``name`` or the method."""
    name = name or method.capitalize()
    integration = apigateway.CfnIntegration(
        scope,
        f"{name}Integration",
        api_id=api.ref,
        integration_type="AWS_PROXY",
        integration_uri=function.arn,
        payload_format_version="2.0",
    )
    made = apigateway.CfnRoute(
        scope,
        f"{name}Route",
        api_id=api.ref,
        route_key=f"{method} {path}",
        authorization_type=authorization,
        target=f"integrations/{integration.ref}",
    )
    pattern = "/".join("*" if part.startswith("{") else part for part in path.split("/"))
    function.admit(
        "Api",
        service="apigateway.amazonaws.com",
        source_arn=arn("execute-api", f"{api.ref}/*/{method}{pattern}"),
    )
    return made


def stage(
    scope: Construct,
    api: apigateway.CfnApi,
    *,
    log_name: str,
    log_days: int,
    requests_per_second: float,
    burst: int,
) -> None:
    """The default stage, with access logs and a limit of requests."""
    # Groups of this prefix need no resource policy of their own, of which a region has only ten.
    log_group = logs.CfnLogGroup(
        scope,
        "AccessLogs",
        log_group_name=f"/aws/vendedlogs/apigateway/{log_name}",
        retention_in_days=log_days,
    )
    apigateway.CfnStage(
        scope,
        "Stage",
        api_id=api.ref,
        stage_name="$default",
        auto_deploy=True,
        access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=arn("logs", f"log-group:{log_group.ref}"), format=json.dumps(LOGGED)
        ),
        default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
            throttling_rate_limit=requests_per_second, throttling_burst_limit=burst
        ),
    )
