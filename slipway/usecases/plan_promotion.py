"""Work out everything that a promotion needs, for a version that may serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts import names
from slipway.domain.errors import ArtifactRemovedError, PackageNotApprovedError, VersionNotRegisteredError
from slipway.domain.hosting import (
    deployment_config,
    endpoint_config_request,
    identity_of,
    model_request,
    scaling,
)
from slipway.domain.succession import SupersededError, serves_instead
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from slipway.contracts.promotion import Promotion, PromotionRequest
    from slipway.domain.site import Site
    from slipway.usecases.ports import Clock, Ledger, ModelRegistry

APPROVED = "Approved"


def plan_promotion(
    request: PromotionRequest, *, site: Site, ledger: Ledger, registry: ModelRegistry, clock: Clock
) -> Promotion:
    """
    Plan the promotion of a registered version; names are the same each time it is promoted.

    Raises:
        VersionNotRegisteredError: No release registered the version.
        ArtifactRemovedError: Retention removed its artifact, or somebody did.
        PackageNotApprovedError: Its model package is not approved.
        SupersededError: It was approved beside another champion than the one that serves now. Who promotes
            or rolls back by hand names a version knowing what serves, and is not asked.
    """
    project, model, version = request["project"], request["model"], request["version"]
    record = ledger.version(project, model, version)
    if record is None:
        known = [one["version"] for one in ledger.versions(project, model)]
        raise VersionNotRegisteredError(project, model, version, known)
    if "artifact_removed_at" in record:
        raise ArtifactRemovedError(project, model, version, record["artifact_removed_at"])
    status = registry.approval_status(record["package_arn"])
    if status != APPROVED:
        raise PackageNotApprovedError(record["package_arn"], version, status or "missing")
    release_id = record["release_id"]
    champion = ledger.alias(project, model, names.CHAMPION)
    if request["cause"] == "approval":
        serving = champion["version"] if champion is not None else ""
        judged_against = _judged_against(ledger, release_id)
        if serves_instead(serving, version=version, judged_against=judged_against):
            raise SupersededError(version, serving, judged_against)
        ledger.set_version_approval(
            project,
            model,
            version,
            release_id=release_id,
            approval="approved",
            approver=request["actor"],
            at=timestamp(clock()),
            reason=request["reason"],
        )
        ledger.set_release_status(release_id, "promoting")
    prefix = site.policy["resource_prefix"]
    endpoint = names.endpoint(prefix, project, model)
    name = names.of_release(prefix, model, version, release_id)
    tags = site.tags(project, model, version, release_id)
    serving = record["manifest"]["serving"]
    return {
        "endpoint_name": endpoint,
        "endpoint_config_name": name,
        "model_name": name,
        "identity": identity_of(record),
        "model_request": model_request(site, record, name=name, tags=tags),
        "endpoint_config_request": endpoint_config_request(
            site, record, name=name, model_name=name, tags=tags
        ),
        "deployment_config": deployment_config(int(serving["startup_timeout_seconds"])),
        "tags": tags,
        "scaling": scaling(endpoint, serving),
        "smoke": dict(serving["sample"]),
        "previous": (
            {"version": champion["version"], "release_id": champion["release_id"]} if champion else None
        ),
        "poll_seconds": site.policy["poll_seconds"],
    }


def _judged_against(ledger: Ledger, release_id: str) -> str | None:
    """The champion's version when the release was planned; empty: there was none; None: not known."""
    release = ledger.release(release_id)
    if release is None or "plan" not in release:
        return None
    champion = release["plan"].get("champion")
    return str(champion["version"]) if champion else ""
