"""The nodes of a registered version: its model package, and the artifact that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts.lineage import node_id
from slipway.domain.derivation import (
    artifact_id,
    contributed,
    edge,
    image_id,
    job_of_artifact,
    node_of,
    package_id,
    report_id,
    time_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ApprovalRecord, ArtifactDigests, VersionRecord
    from slipway.contracts.lineage import NodeFacts
    from slipway.contracts.lineage_facts import ArtifactFacts, PackageFacts

GONE = "~"
"""Sorts behind every time: nothing newer can be heard of what is gone."""


def artifact_node(uri: str, digests: ArtifactDigests | None = None) -> NodeFacts:
    """
    A model artifact: SageMaker's URI names the job that produced it; digests come with its registration.
    """
    job = job_of_artifact(uri)
    facts: ArtifactFacts = {"uri": uri}
    if digests is not None:
        facts["digests"] = digests
    return node_of(
        "model-artifact",
        uri,
        title=f"model of {job}" if job else uri,
        facts=facts,
        inputs=[edge("Produced", node_id("training-job", job))] if job else (),
        as_of="2" if digests is not None else "1",
    )


def package_node(version: VersionRecord, described: Mapping[str, Any] | None) -> NodeFacts:
    """
    A registered version's model package.

    Args:
        version: The ledger's record.
        described: DescribeModelPackage, which knows the stage; None: the package was deleted.
    """
    facts: PackageFacts = {
        "arn": version["package_arn"],
        "project": version["project"],
        "model": version["model"],
        "version": version["version"],
        "release_id": version["release_id"],
        "approval": version["approval"],
        "metrics": dict(version["metrics"]),
        "registered_at": version["registered_at"],
    }
    for key in ("approver", "decided_at", "decision_reason"):
        if version.get(key):
            facts[key] = version[key]
    stage = ((described or {}).get("ModelLifeCycle") or {}).get("Stage")
    if stage:
        facts["stage"] = stage
    changed = GONE if described is None else time_text(_changed(described)) or ""
    decided = version.get("decided_at") or version["registered_at"]
    return node_of(
        "model-package",
        _name(version["package_arn"]),
        title=f"{version['model']}:{version['version']}",
        facts=facts,
        inputs=contributed(
            artifact_id(version["model_uri"]),
            report_id(version["report_uri"]),
            image_id(version["image_uri"]),
            _taking_release(version["release_id"], version["model_uri"], version["report_uri"]),
        ),
        as_of=f"{decided}/{version['approval']}/{changed}",
    )


def superseded_package_node(approval: ApprovalRecord, report: Mapping[str, Any]) -> NodeFacts:
    """
    The package of a version that another release registered anew: of the ledger, only the approval is left.

    Args:
        approval: What was asked, and decided.
        report: The release's evidence; empty where it is lost.
    """
    facts: PackageFacts = {
        "arn": approval["package_arn"],
        "project": approval["project"],
        "model": approval["model"],
        "version": approval["version"],
        "release_id": approval["release_id"],
        "approval": "abandoned" if approval["status"] == "pending" else approval["status"],
        "metrics": dict((report.get("challenger") or {}).get("metrics") or {}),
    }
    if approval.get("decided_at"):
        facts["decided_at"] = approval["decided_at"]
    for theirs, ours in (("decided_by", "approver"), ("decision_reason", "decision_reason")):
        if approval.get(theirs):
            facts[ours] = approval[theirs]  # type: ignore[literal-required]  # two of its keys
    return node_of(
        "model-package",
        _name(approval["package_arn"]),
        title=f"{approval['model']}:{approval['version']}",
        facts=facts,
        inputs=contributed(
            artifact_id(str(report.get("model_uri", ""))),
            report_id(approval["report_uri"]),
            image_id(str(report.get("image_uri", ""))),
            _taking_release(approval["release_id"], str(report.get("model_uri", "")), approval["report_uri"]),
        ),
        as_of=GONE,
    )


def _taking_release(release_id: str, model_uri: str, report_uri: str) -> str:
    """
    The id of a release that did not train its own model; empty where its own job leads to it anyway.

    An earlier release's artifact is taken when the bytes of the data are the same. They may bear another
    version's name here, which no job ever read: who asks for that one is to find this package.
    """
    own = f"{report_uri.rpartition('/')[0]}/"
    return "" if not model_uri or model_uri.startswith(own) else node_id("release", release_id)


def _name(arn: str) -> str:
    return package_id(arn).partition(":")[2]


def _changed(described: Mapping[str, Any]) -> Any:
    return described.get("LastModifiedTime") or described.get("CreationTime")
