"""HTTP APIs at an address that every client can resolve, calling only functions that let them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.iam import service_may

if TYPE_CHECKING:
    from workbench.local.context import ServerContext

TYPE: Final = "AWS::ApiGatewayV2::Api"
SERVICE: Final = "apigateway.amazonaws.com"


def install(server: ServerContext) -> None:
    """
    Give APIs path-based addresses, and ask functions' policies before they are called.

    ``<id>.execute-api.localhost`` is a name that browsers resolve and Python does not;
    ``/_aws/execute-api/<id>/`` works for everybody.
    """
    handlers = seams.CLOUDFORMATION.resource_handlers[TYPE]
    create, update = handlers["create"], handlers["update"]

    def with_address(made: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        api_id, attributes = made
        address = f"{server.endpoint_url}/_aws/execute-api/{api_id}"
        seams.APIGATEWAY.apis[api_id]["apiEndpoint"] = address
        return api_id, attributes | {"ApiEndpoint": address}

    handlers["create"] = lambda *arguments: with_address(create(*arguments))
    handlers["update"] = lambda *arguments: with_address(update(*arguments))
    call = seams.APIGATEWAY.call_function

    async def call_if_allowed(
        integration: dict[str, Any], api_id: str, stage: str, *request: Any, **more: Any
    ) -> Any:
        function = seams.APIGATEWAY.function_of(integration.get("integrationUri", ""))
        route = str(request[5]) if len(request) > 5 else "$default"  # noqa: PLR2004 - route_key's place
        if function.startswith("arn:") and not may_call(server, function, api_id, stage, route):
            body = json.dumps({"message": "Internal Server Error"}).encode()
            return 500, {"Content-Type": "application/json"}, body
        return await call(integration, api_id, stage, *request, **more)

    seams.APIGATEWAY.replace("call_function", call_if_allowed)


def may_call(server: ServerContext, function: str, api_id: str, stage: str, route: str) -> bool:
    """Whether the function's policy lets this route of the API call it."""
    method, _, path = route.partition(" ")
    region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
    source = f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage}/{method}{path or '/$default'}"
    found = seams.LAMBDA.function_policy(function)
    return service_may(
        server.audit,
        SERVICE,
        "lambda:InvokeFunction",
        function,
        policy=found[0] if found else None,
        source_arn=source,
    )
