"""HTTP APIs at an address that every client can resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.local import seams

if TYPE_CHECKING:
    from workbench.local.context import ServerContext

TYPE = "AWS::ApiGatewayV2::Api"


def install(server: ServerContext) -> None:
    """
    Give APIs path-based addresses.

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
