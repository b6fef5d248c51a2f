"""InvokeEndpoint: to a variant's process and back, measured."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.exchange import Answer, Connections, Unreachable
from workbench.local.sagemaker.store import current_scope
from workbench.local.sagemaker.traffic import Draw, Route, Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.endpoints import Endpoints
    from workbench.local.sagemaker.fleet import Fleet, Variant
    from workbench.local.sagemaker.serving_process import ServingProcess
    from workbench.local.sagemaker.surroundings import Surroundings

SERVING: Final = frozenset({"InService", "Updating", "RollingBack", "SystemUpdating", "UpdateRollbackFailed"})
LARGEST_BODY: Final = 6291456
TIMEOUT_SECONDS: Final = 60.0
RESTART_SECONDS: Final = 30.0
"""How long a request waits for a process that is being restarted."""
_TURN_SECONDS: Final = 0.02
NAMESPACE: Final = "AWS/SageMaker"
TIMED_OUT: Final = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
CLOSED: Final = "The serving process closed the connection without an answer."
ATTRIBUTES: Final = "x-amzn-sagemaker-custom-attributes"
PASSED: Final = {
    "content-type": "Content-Type",
    "accept": "Accept",
    "x-amzn-sagemaker-accept": "Accept",
    ATTRIBUTES: "X-Amzn-SageMaker-Custom-Attributes",
    "x-amzn-sagemaker-inference-id": "X-Amzn-SageMaker-Inference-Id",
    "x-amzn-sagemaker-target-model": "X-Amzn-SageMaker-Target-Model",
}
_CLIENT_ERRORS: Final = range(400, 500)
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

    async def invoke(self, name: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request; headers by lower-case name."""
        arrived = time.perf_counter()
        try:
            _check_sizes(headers, body)
            route, process = await self._taken(name, headers.get("x-amzn-sagemaker-target-variant"))
        except ServiceError as error:
            return error_response(error)
        passed = {"Content-Type": "application/octet-stream", "Accept": "*/*"}
        passed |= {ours: headers[theirs] for theirs, ours in PASSED.items() if theirs in headers}
        fleet, variant = route.fleet, route.variant
        sent = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._connections.post(process, "/invocations", passed, body)
        except TimeoutError:
            return self._model_error(name, fleet, variant, arrived, sent, 0, TIMED_OUT)
        except Unreachable:
            return self._model_error(name, fleet, variant, arrived, sent, 0, CLOSED)
        finally:
            process.release()
        if answer.status // 100 != 2:  # noqa: PLR2004 - the 200s
            text = answer.body.decode("utf-8", "replace")
            return self._model_error(name, fleet, variant, arrived, sent, answer.status, text)
        self._measure(name, fleet, variant, arrived, sent, answer.status)
        return 200, self._headers(answer, variant), answer.body

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
        if traffic is None:
            raise ServiceError("ServiceUnavailable", f"Endpoint {name} is being started again.", 503)
        return traffic

    async def _taken(self, name: str, target: str | None) -> tuple[Route, ServingProcess]:
        """A process that has the request; looked for anew each time, as fleets come and go."""
        draw, deadline = Draw(), time.monotonic() + RESTART_SECONDS
        while True:
            route = self._traffic(name).route(target, draw)
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

    def _model_error(
        self, name: str, fleet: Fleet, variant: Variant, arrived: float, sent: float, status: int, text: str
    ) -> Response:
        self._measure(name, fleet, variant, arrived, sent, status)
        account, region = current_scope()
        group = f"/aws/sagemaker/Endpoints/{name}"
        whose = "client" if status in _CLIENT_ERRORS else "server"
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

    def _measure(
        self, name: str, fleet: Fleet, variant: Variant, arrived: float, sent: float, status: int
    ) -> None:
        now = time.perf_counter()
        microseconds = 1e6
        client_error = status in _CLIENT_ERRORS
        server_error = not client_error and status // 100 != 2  # noqa: PLR2004 - the 200s
        values = (
            ("Invocations", 1.0, "Count"),
            ("InvocationsPerInstance", 1.0 / max(variant.instance_count, 1), "Count"),
            ("Invocation4XXErrors", float(client_error), "Count"),
            ("Invocation5XXErrors", float(server_error), "Count"),
            ("InvocationModelErrors", float(client_error or server_error), "Count"),
            ("ModelLatency", (now - sent) * microseconds, "Microseconds"),
            ("OverheadLatency", (sent - arrived) * microseconds, "Microseconds"),
        )
        whole = {"EndpointName": name, "VariantName": variant.name}
        for dimensions in (whole, whole | {"EndpointConfigName": fleet.config_name}):
            self._surroundings.measure(NAMESPACE, dimensions, *values)
