"""The plan of a release: everything pinned, and every job's request complete, before the first one starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from slipway.contracts import names
from slipway.contracts.release import ImageSource
from slipway.domain.jobs import champion_request, evaluation_request, job_names, training_request
from slipway.domain.judging.gates import gates_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.release import Champion, JobRequests, PinnedDataSet, Plan
    from slipway.domain.manifest import Manifest
    from slipway.domain.site import Site


@dataclass(frozen=True, slots=True)
class Pins:
    """What a release was resolved to, once."""

    cause: Literal["push", "sweep", "cli", "schedule", "drift"]
    repository: str
    version: str
    image_uri: str
    image_digest: str
    training_data: list[PinnedDataSet]
    evaluation_data: list[PinnedDataSet]
    champion: Champion | None
    source: ImageSource = field(default_factory=ImageSource)
    image_tag: str = ""
    """Empty: the version."""
    cached: bool = True
    """Steps may take what an identical step produced before."""


def champion_of(record: VersionRecord) -> Champion:
    """What the plan keeps of the version in production."""
    return {
        "release_id": record["release_id"],
        "version": record["version"],
        "image_uri": record["image_uri"],
        "image_digest": record["image_digest"],
        "model_uri": record["model_uri"],
        "package_arn": record["package_arn"],
        "evaluate": list(record["manifest"]["programs"]["evaluate"]),
        "entry": bool(record.get("source", {}).get("entry")),
    }


def plan_of(site: Site, manifest: Manifest, pins: Pins, *, release_id: str, planned_at: str) -> Plan:
    """The whole plan, as the execution gets it."""
    project, model = manifest.model.project, manifest.model.name
    prefix = f"s3://{site.artifact_bucket}/{project}/{model}/releases/{release_id}"
    gates = gates_of(manifest.gates, site.policy.get("gates", []))
    return {
        "release_id": release_id,
        "environment": site.environment,
        "cause": pins.cause,
        "project": project,
        "model": model,
        "version": pins.version,
        "repository": pins.repository,
        "image_tag": pins.image_tag or pins.version,
        "image_digest": pins.image_digest,
        "image_uri": pins.image_uri,
        "manifest": manifest.document(),
        "training_data": pins.training_data,
        "evaluation_data": pins.evaluation_data,
        "champion": pins.champion,
        "endpoint_name": names.endpoint(site.policy["resource_prefix"], project, model),
        "artifact_prefix": prefix,
        "job_names": job_names(site, manifest, pins.version, release_id),
        "requests": _requests(
            site, manifest, pins, prefix, site.tags(project, model, pins.version, release_id)
        ),
        "approval_timeout_seconds": site.policy["approval_timeout_hours"] * 3600,
        "planned_at": planned_at,
        "source": pins.source,
        "cache": {"use": pins.cached, "days": site.policy["step_cache_days"]},
        "environment_gates": list(site.policy.get("gates", [])),
        "awaits_scan": any(gate.subject == "findings" for gate in gates),
    }


def _requests(
    site: Site, manifest: Manifest, pins: Pins, prefix: str, tags: list[dict[str, str]]
) -> JobRequests:
    training = training_request(
        site,
        manifest,
        image_uri=pins.image_uri,
        channels=pins.training_data,
        artifact_prefix=prefix,
        tags=tags,
    )
    challenger = evaluation_request(
        site,
        manifest,
        side="challenger",
        image_uri=pins.image_uri,
        evaluate=manifest.programs.evaluate,
        model_uri=None,
        channels=pins.evaluation_data,
        artifact_prefix=prefix,
        tags=tags,
        entry=pins.source.get("entry", False),
    )
    if pins.champion is None:
        return {"training": training, "challenger": challenger, "champion": None}
    champion = champion_request(
        site, manifest, pins.champion, channels=pins.evaluation_data, artifact_prefix=prefix, tags=tags
    )
    return {"training": training, "challenger": challenger, "champion": champion}
