"""What a model's serving programs run: its image, its artifact fetched, its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.local.sagemaker.job_program import container_environment
from workbench.local.sagemaker.serving_process import Serving
from workbench.local.sagemaker.transfers import RoleStorage, split, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.surroundings import Surroundings

DEFAULT_STARTUP_SECONDS = 240.0


def serving_of(
    surroundings: Surroundings,
    model: Document,
    artifact: Path,
    *,
    session: str,
    startup_seconds: float = DEFAULT_STARTUP_SECONDS,
    variables: Mapping[str, str] | None = None,
) -> Serving:
    """
    Unpack a model's image and fetch its artifact into ``artifact``, under the model's role.

    Args:
        surroundings: Images and S3.
        model: As ``Models`` keeps it.
        artifact: A directory that is made.
        session: Names the role's session.
        startup_seconds: How long a program may take until it answers pings.
        variables: More than the model's own, which they overrule.

    Raises:
        ImageNotFoundError: The image cannot be had.
        TransferError: The artifact cannot be had.
    """
    container = model["_container"]
    image = surroundings.images.unpack(container["_resolved"])
    artifact.mkdir(parents=True)
    storage = RoleStorage(surroundings.server.endpoint_url, model["ExecutionRoleArn"], session)
    if url := container.get("ModelDataUrl"):
        unpack(storage.read(*split(url)), artifact)
    elif source := (container.get("ModelDataSource") or {}).get("S3DataSource"):
        if source.get("CompressionType", "None") == "Gzip":
            unpack(storage.read(*split(source["S3Uri"])), artifact)
        else:
            storage.fetch_source(source["S3Uri"], artifact)
    given = {**container.get("Environment", {}), **(variables or {})}
    return Serving(
        image=image,
        artifact=artifact,
        environment=container_environment(surroundings, model["ExecutionRoleArn"], session, given),
        isolated=model.get("EnableNetworkIsolation", False),
        startup_seconds=startup_seconds,
    )
