"""The embedded SageMaker: jobs, models, endpoints, registry and runtime, running image programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.local.context import ServerContext
    from workbench.local.sagemaker.service import Service

_service: Service | None = None


def register(server: ServerContext, *, is_target: Callable[[str, str], bool]) -> None:
    """
    Serve SageMaker and its runtime in this process; state lies under ``<home>/sagemaker``.

    ``is_target`` says whether Application Auto Scaling scales an endpoint's variant.
    """
    global _service  # noqa: PLW0603 - ministack's services are modules: one per process
    from workbench.local.blobs import BlobStore  # noqa: PLC0415 - importing this module alone imports nothing
    from workbench.local.repositories import Repositories  # noqa: PLC0415 - likewise
    from workbench.local.runner.capabilities import capabilities  # noqa: PLC0415 - likewise
    from workbench.local.runner.images import ImageStore  # noqa: PLC0415 - likewise
    from workbench.local.sagemaker import permissions  # noqa: PLC0415 - likewise
    from workbench.local.sagemaker.service import Service  # noqa: PLC0415 - likewise
    from workbench.local.sagemaker.store import Store  # noqa: PLC0415 - likewise
    from workbench.local.sagemaker.surroundings import Surroundings  # noqa: PLC0415 - likewise
    from workbench.local.services import register_service  # noqa: PLC0415 - likewise

    directory = server.home / "sagemaker"
    surroundings = Surroundings(
        server=server,
        store=Store(directory / "sagemaker.sqlite"),
        images=ImageStore(
            directory / "images", Repositories(BlobStore(server.home / "registry"), server.registry)
        ),
        capabilities=capabilities(),
        is_target=is_target,
    )
    _service = Service(surroundings)
    _service.settle()
    permissions.install()
    register_service(
        "sagemaker",
        sys.modules[__name__],
        target_prefixes=("SageMaker.",),
        host_patterns=(r"(api|runtime)\.sagemaker\.",),
    )
    server.on_start.append(_service.resume)
    server.on_push.append(_service.prefetch)
    server.on_stop.append(_service.stop)


def running() -> Service:
    """The service of this process; raises RuntimeError before ``register``."""
    if _service is None:
        raise RuntimeError("workbench.local.sagemaker.register has not been called")
    return _service


async def handle_request(
    _method: str, path: str, headers: Mapping[str, str], body: bytes, _query_params: Any
) -> tuple[int, dict[str, str], bytes]:
    """Answer one request of ministack's router."""
    return await running().handle(path, headers, body)


def get_state() -> dict[str, Any]:
    """Nothing: each change is on disk already."""
    return {}


def load_persisted_state(_state: dict[str, Any]) -> None:
    """Nothing: state is read at ``register``."""


def reset() -> None:
    """Forget everything."""
    found = running()
    found.endpoints.stop()
    found.surroundings.store.clear()
