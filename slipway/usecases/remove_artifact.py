"""
Remove the artifact of a version that nobody needs any more.

The version is marked first, then all that could need it is looked at again, and only then is the artifact
removed: a promotion takes its lease before it reads the version, an alias moves only to versions that are
not marked. So either they see the mark, or this sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from slipway.contracts import names
from slipway.domain.retention import ModelInUse, refusal
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.retention import ArtifactRetention
    from slipway.usecases.ports import Artifacts, Clock, Hosting, Ledger

RECENT_RELEASES: Final = 50
"""A release that runs is among so many of its model's newest."""


class RemovalAnswer(TypedDict):
    """What came of it."""

    outcome: Literal["removed", "unchanged", "refused"]
    reason: str
    """Why it was refused; empty otherwise."""


@dataclass(frozen=True, slots=True)
class ArtifactRemoval:
    """What removing needs."""

    ledger: Ledger
    artifacts: Artifacts
    hosting: Hosting
    retention: ArtifactRetention
    resource_prefix: str
    clock: Clock

    def remove(self, project: str, model: str, version: str) -> RemovalAnswer:
        """
        Mark the version, and remove its artifact if no other version is made of the same one.

        A removal that died on its way is taken up again. The record, its report and its lineage stay.
        """
        record = self.ledger.version(project, model, version)
        if record is None:
            return _refused(
                f"version {version!r} of {project}/{model} is not registered; `slipway registry list` shows "
                "those that are"
            )
        if "artifact_removed_at" in record:
            return {"outcome": "removed" if self._remove_object(record) else "unchanged", "reason": ""}
        reason = refusal(record, self.in_use(project, model), self.retention)
        if reason:
            return _refused(reason)
        at = timestamp(self.clock())
        if not self.ledger.note_artifact_removed(record, at):
            return _refused(f"{project}/{model}:{version} was changed in this very moment; ask again")
        reason = refusal(record, self.in_use(project, model), self.retention)
        if reason:
            self.ledger.withdraw_artifact_removal(record, at)
            return _refused(reason)
        self._remove_object(record)
        return {"outcome": "removed", "reason": ""}

    def in_use(self, project: str, model: str) -> ModelInUse:
        """All that may need an artifact of a model, as it is now."""
        ledger, endpoint = self.ledger, names.endpoint(self.resource_prefix, project, model)
        running = (
            one["release_id"]
            for one in ledger.releases_of_model(project, model, limit=RECENT_RELEASES)
            if one["status"] == "running"
        )
        return ModelInUse(
            moves={
                tip["alias"]: list(reversed(ledger.alias_history(project, model, tip["alias"])))
                for tip in ledger.aliases(project, model)
            },
            served=served_artifacts(self.hosting, endpoint),
            promotion=ledger.lease_owner(endpoint, now_epoch=int(self.clock().timestamp())),
            release=next(running, ""),
        )

    def needed(self, project: str, model: str) -> set[str]:
        """URIs of the artifacts that versions of a model are made of, but for those that were removed."""
        versions = self.ledger.versions(project, model)
        return {one["model_uri"] for one in versions if "artifact_removed_at" not in one}

    def _remove_object(self, record: VersionRecord) -> bool:
        # an identical training is run once: several versions may be made of its artifact
        if record["model_uri"] in self.needed(record["project"], record["model"]):
            return False
        return self.artifacts.remove(record["model_uri"])


def served_artifacts(hosting: Hosting, endpoint: str) -> dict[str, str]:
    """URI of each artifact that any variant serves, or is about to, to its endpoint; by endpoints' prefix."""
    served: dict[str, str] = {}
    for summary in hosting.endpoints(endpoint):
        name = str(summary["EndpointName"])
        described = hosting.endpoint(name)
        if described is None:
            continue  # deleted meanwhile
        pending = described.get("PendingDeploymentSummary") or {}
        for config in {described.get("EndpointConfigName"), pending.get("EndpointConfigName")} - {None}:
            for uri in _artifacts_of(hosting, str(config)):
                served[uri] = name
    return served


def _artifacts_of(hosting: Hosting, config: str) -> Iterator[str]:
    described: Mapping[str, Any] = hosting.endpoint_config(config) or {}
    variants = [*described.get("ProductionVariants", ()), *described.get("ShadowProductionVariants", ())]
    for name in {variant["ModelName"] for variant in variants if "ModelName" in variant}:
        model: Mapping[str, Any] = hosting.model(name) or {}
        primary = model.get("PrimaryContainer")
        for container in [*([primary] if primary else []), *model.get("Containers", ())]:
            source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
            yield from (uri for uri in (container.get("ModelDataUrl"), source.get("S3Uri")) if uri)


def _refused(reason: str) -> RemovalAnswer:
    return {"outcome": "refused", "reason": reason}
