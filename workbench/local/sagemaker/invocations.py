"""InvokeEndpoint: to a variant's process and back, measured."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.capture import Captures, captured_of
from workbench.local.sagemaker.endpoint_kinds import kind_of
from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.exchange import Connections
from workbench.local.sagemaker.invocation_metrics import CLIENT_ERRORS, count_invocation
from workbench.local.sagemaker.model_call import ATTRIBUTES, Asked, ask
from workbench.local.sagemaker.shadow import Mirror
from workbench.local.sagemaker.store import current_scope
from workbench.local.sagemaker.traffic import Draw, Route, Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.endpoints import Endpoints
    from workbench.local.sagemaker.exchange import Answer
    from workbench.local.sagemaker.fleet import Variant
    from workbench.local.sagemaker.serving_process import ServingProcess
    from workbench.local.sagemaker.surroundings import Surroundings

SERVING: Final = frozenset({"InService", "Updating", "RollingBack", "SystemUpdating", "UpdateRollbackFailed"})
LARGEST_BODY: Final = 6291456
RESTART_SECONDS: Final = 30.0
"""How long a request waits for a process that is being restarted."""
_TURN_SECONDS: Final = 0.02
_LONGEST_ATTRIBUTES: Final = 1024

Response = tuple[int, dict[str, str], bytes]


def error_response(error: ServiceError, extra: Mapping[str, Any] | None = None) -> Response:
    """An error of the runtime's REST protocol."""
    body = json.dumps({"Message": error.message, "message": error.message, **(extra or {})}).encode()
    headers = {"Content-Type": "application/json", "x-amzn-errortype": error.code}
    return error.status, headers, body


def _check_sizes(headers: Mapping[str, str], body: bytes) -> None:
    if len(body) > LARGEST_BODY:
        raise ServiceError(
            "ValidationError",
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LARGEST_BODY}",
        )
    if len(headers.get(ATTRIBUTES, "")) > _LONGEST_ATTRIBUTES:
        raise ServiceError("ValidationError", f"CustomAttributes exceed {_LONGEST_ATTRIBUTES} characters")


class Invocations:
    """Serves ``POST /endpoints/<name>/invocations`` on the event loop."""

    def __init__(self, surroundings: Surroundings, endpoints: Endpoints) -> None:
        self._surroundings, self._endpoints = surroundings, endpoints
        self._connections = Connections()
        self.captures = Captures(surroundings)
        self._mirror = Mirror(surroundings, self._connections, self.captures)

    async def invoke(self, name: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request; headers by lower-case name."""
        asked = Asked(headers, body, time.perf_counter())
        try:
            _check_sizes(headers, body)
            target = headers.get("x-amzn-sagemaker-target-variant")
            route, process = await self._taken(name, target, len(body))
        except ServiceError as error:
            return error_response(error)
        fleet, variant = route.fleet, route.variant
        if (faults := self._surroundings.server.faults) and faults.meet(
            "crash-after", **fleet.about(variant)
        ):
            await asyncio.to_thread(process.crash)
        answered = await ask(self._connections, process, asked)
        count_invocation(self._surroundings, name, fleet, variant, asked, answered)
        captured = captured_of(fleet.capture, name, variant, random.random())  # noqa: S311 - a sample
        if fleet.shadows:
            self._mirror.reflect(name, route, asked, captured, random.random())  # noqa: S311 - likewise
        if not answered.succeeded:
            return self._model_error(name, answered.answer)
        if captured is not None:
            self.captures.keep(captured, asked, answered)
        return 200, self._headers(answered.answer, variant), answered.answer.body

    def _headers(self, answer: Answer, variant: Variant) -> dict[str, str]:
        found = {
            # In lower case ministack leaves it alone; "Content-Type" it would make the control plane's.
            "content-type": answer.headers.get("content-type", "application/octet-stream"),
            "x-Amzn-Invoked-Production-Variant": variant.name,
        }
        if ATTRIBUTES in answer.headers:
            found["X-Amzn-SageMaker-Custom-Attributes"] = answer.headers[ATTRIBUTES]
        return found

    def _traffic(self, name: str) -> Traffic:
        account, _ = current_scope()
        try:
            endpoint = self._endpoints.get(name)
        except ServiceError:
            raise ServiceError(
                "ValidationError", f"Endpoint {name} of account {account} not found."
            ) from None
        traffic = self._endpoints.traffic(name)
        if endpoint["EndpointStatus"] not in SERVING or (traffic is None and "_served" not in endpoint):
            raise ServiceError("ValidationError", f"Endpoint {name} of account {account} not found.")
        if kind_of(endpoint["_served"]["config"]) == "asynchronous":
            raise ServiceError(
                "ValidationError",
                f"Endpoint {name} is for asynchronous inference: use InvokeEndpointAsync",
            )
        if traffic is None:
            raise ServiceError("ServiceUnavailable", f"Endpoint {name} is being started again.", 503)
        return traffic

    async def _taken(self, name: str, target: str | None, size: int) -> tuple[Route, ServingProcess]:
        """A process that has the request; looked for anew each time, as fleets come and go."""
        draw, deadline = Draw(), time.monotonic() + RESTART_SECONDS
        while True:
            route = self._traffic(name).route(target, draw)
            if route.variant.environments is not None:
                return route, await route.variant.environments.take(route.variant, size)
            process = route.take()
            if process is not None:
                return route, process
            if time.monotonic() > deadline:
                raise ServiceError(
                    "ServiceUnavailable",
                    f"No process of variant {route.variant.name} of endpoint {name} is healthy.",
                    503,
                )
            await asyncio.sleep(_TURN_SECONDS)

    def _model_error(self, name: str, answer: Answer) -> Response:
        status, text = answer.status, answer.body.decode("utf-8", "replace")
        account, region = current_scope()
        group = f"/aws/sagemaker/Endpoints/{name}"
        whose = "client" if status in CLIENT_ERRORS else "server"
        message = (
            f'Received {whose} error ({status}) from primary with message "{text}". See '
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#logEventViewer:group={group} in account {account} for more information."
        )
        return error_response(
            ServiceError("ModelError", message, 424),
            {
                "OriginalStatusCode": status,
                "OriginalMessage": text,
                "LogStreamArn": f"arn:aws:logs:{region}:{account}:log-group:{group}",
            },
        )
