"""Application Auto Scaling of the embedded AWS: it really starts and stops serving processes."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import ServiceError
from workbench.local.services import authorize_by, register_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.autoscaling.api import Autoscaling
    from workbench.local.context import ServerContext

NAME: Final = "application-autoscaling"

_autoscaling: Autoscaling | None = None


def register(server: ServerContext) -> Autoscaling:
    """Serve it in this process; state lies under ``<home>/sagemaker``."""
    global _autoscaling  # noqa: PLW0603 - ministack's services are modules: one per process
    from workbench.local.autoscaling.api import Autoscaling  # noqa: PLC0415 - importing this alone imports nothing
    from workbench.local.sagemaker.store import Store  # noqa: PLC0415 - likewise

    _autoscaling = found = Autoscaling(Store(server.home / "sagemaker" / "autoscaling.sqlite"), server.clock)
    register_service(NAME, sys.modules[__name__], target_prefixes=("AnyScaleFrontendService.",))
    authorize_by(NAME, _resource, _context)
    server.on_start.append(lambda: found.start(server))
    return found


def _resource(_request: dict[str, Any], region: str, account: str) -> str:
    """Targets have random ids, so policies can only name them all."""
    return f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/*"


def _context(request: dict[str, Any]) -> dict[str, Any]:
    keys = {"ServiceNamespace": "service-namespace", "ScalableDimension": "scalable-dimension"}
    return {f"{NAME}:{key}": request[member] for member, key in keys.items() if member in request}


def _running() -> Autoscaling:
    if _autoscaling is None:
        raise ServiceError("UnknownOperationException", f"{NAME} is not served here")
    return _autoscaling


def _respond(operation: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    try:
        document = _running().do(operation, json.loads(body or b"{}"))
    except ServiceError as error:
        told = {"__type": error.code, "message": error.message}
        return error.status, headers | {"x-amzn-errortype": error.code}, json.dumps(told).encode()
    return 200, headers, json.dumps(document).encode()


async def handle_request(
    _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query_params: Any
) -> tuple[int, dict[str, str], bytes]:
    """Answer one request of ministack's router."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    return await asyncio.to_thread(functools.partial(_respond, operation, body))


def get_state() -> dict[str, Any]:
    """Nothing: each change is on disk already."""
    return {}


def load_persisted_state(_state: dict[str, Any]) -> None:
    """Nothing: state is read at ``register``."""


def reset() -> None:
    """Nothing is kept that a later ``register`` would not read again."""
