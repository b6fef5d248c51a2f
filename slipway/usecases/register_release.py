"""Register an accepted release: model package group, model package, and the ledger's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.errors import VersionTakenError
from slipway.domain.packages import package_request
from slipway.domain.timestamps import timestamp
from slipway.domain.version_record import version_record

if TYPE_CHECKING:
    from slipway.contracts.release import Package, ReleaseDocument
    from slipway.domain.site import Site
    from slipway.usecases.ports import Artifacts, Clock, ModelRegistry, Versions


def register_release(
    document: ReleaseDocument,
    *,
    site: Site,
    registry: ModelRegistry,
    artifacts: Artifacts,
    ledger: Versions,
    clock: Clock,
    prices: Prices = LIST_PRICES,
) -> Package:
    """
    Register once, however often it is tried: a retry finds the package by the release's id.

    Raises:
        VersionTakenError: Another release registered the same version meanwhile.
        ArtifactUnreadableError: What the training left can't be read.
        PackageNotReadyError: SageMaker could not complete the package.
    """
    plan = document["plan"]
    project, model, version, release_id = plan["project"], plan["model"], plan["version"], plan["release_id"]
    held = ledger.version(project, model, version)
    if held is not None and held["release_id"] == release_id:
        return _package(plan["endpoint_name"], held["package_arn"])
    if held is not None and held["approval"] in ("pending", "approved"):
        raise VersionTakenError(project, model, version, held["release_id"])
    artifact = artifacts.digests(document["training"]["model_uri"])
    group = plan["endpoint_name"]
    registry.ensure_group(
        group, f"{project}/{model} in {site.environment}", site.tags(project, model, version, release_id)
    )
    arn = registry.find_package(group, release_id, plan["planned_at"])
    if arn is None:
        arn = registry.create_package(package_request(document, group))
    registry.await_package(arn)
    taken = ledger.put_version(
        version_record(
            document, package_arn=arn, artifact=artifact, registered_at=timestamp(clock()), prices=prices
        )
    )
    if taken is not None:
        raise VersionTakenError(project, model, version, taken["release_id"])
    return _package(group, arn)


def _package(group: str, arn: str) -> Package:
    return {"group": group, "arn": arn, "version": int(arn.rsplit("/", 1)[-1])}
