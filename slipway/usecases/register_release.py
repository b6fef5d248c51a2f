"""Register an accepted release: model package group, model package, and the ledger's version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from slipway.domain.errors import VersionTakenError
from slipway.domain.packages import package_request
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.release import Package, ReleaseDocument
    from slipway.domain.site import Site
    from slipway.usecases.ports import Clock, ModelRegistry, Versions


def register_release(
    document: ReleaseDocument, *, site: Site, registry: ModelRegistry, ledger: Versions, clock: Clock
) -> Package:
    """
    Register once, however often it is tried: a retry finds the package by the release's id.

    Raises:
        VersionTakenError: Another release registered the same version meanwhile.
        PackageNotReadyError: SageMaker could not complete the package.
    """
    plan = document["plan"]
    project, model, version, release_id = plan["project"], plan["model"], plan["version"], plan["release_id"]
    held = ledger.version(project, model, version)
    if held is not None and held["release_id"] == release_id:
        return _package(plan["endpoint_name"], held["package_arn"])
    if held is not None and held["approval"] in ("pending", "approved"):
        raise VersionTakenError(project, model, version, held["release_id"])
    group = plan["endpoint_name"]
    registry.ensure_group(
        group, f"{project}/{model} in {site.environment}", site.tags(project, model, version, release_id)
    )
    arn = registry.find_package(group, release_id, plan["planned_at"])
    if arn is None:
        arn = registry.create_package(package_request(document, group))
    registry.await_package(arn)
    taken = ledger.put_version(_record(document, arn, timestamp(clock())))
    if taken is not None:
        raise VersionTakenError(project, model, version, taken["release_id"])
    return _package(group, arn)


def _package(group: str, arn: str) -> Package:
    return {"group": group, "arn": arn, "version": int(arn.rsplit("/", 1)[-1])}


def _record(document: ReleaseDocument, arn: str, registered_at: str) -> VersionRecord:
    plan, verdict = document["plan"], document["verdict"]
    return {
        "project": plan["project"],
        "model": plan["model"],
        "version": plan["version"],
        "release_id": plan["release_id"],
        "image_uri": plan["image_uri"],
        "image_digest": plan["image_digest"],
        "model_uri": document["training"]["model_uri"],
        "package_arn": arn,
        "manifest": plan["manifest"],
        "training_data": cast("list[dict[str, Any]]", plan["training_data"]),
        "evaluation_data": cast("list[dict[str, Any]]", plan["evaluation_data"]),
        "metrics": verdict["challenger"],
        "report_uri": verdict["report_uri"],
        "approval": "pending",
        "registered_at": registered_at,
    }
