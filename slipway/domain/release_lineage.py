"""Nodes of a release: its image, itself, its evidence and its approval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from slipway.contracts.ledger import OPEN_STATUSES
from slipway.contracts.lineage import node_id
from slipway.domain.derivation import (
    contributed,
    data_set_id,
    edge,
    image_id,
    node_of,
    package_id,
    report_id,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ApprovalRecord, ReleaseRecord
    from slipway.contracts.lineage import NodeFacts
    from slipway.contracts.lineage_facts import ApprovalFacts, ReleaseFacts, ReportFacts

_ENDED: Final = len(OPEN_STATUSES) + 1


def release_revision(record: ReleaseRecord) -> str:
    """
    What ``as_of`` of a release's node begins with: all of it that lists show, too.

    A release opens (``running``, then further), ends, and may be opened again by a redrive.
    """
    ended = record.get("ended_at", "")
    if record["status"] not in OPEN_STATUSES:
        return f"{ended or record['planned_at']}/{_ENDED}"
    stage = OPEN_STATUSES.index(record["status"]) + ("execution_arn" in record)
    return f"{ended}/{_ENDED + 1 + stage:x}" if ended else f"{record['planned_at']}/{stage}"


def release_nodes(record: ReleaseRecord) -> list[NodeFacts]:
    """The release, and its image where the plan tells of it."""
    plan: Mapping[str, Any] = record.get("plan") or {}
    lookups: Mapping[str, Any] = record.get("lookups") or {}
    pinned = [*plan.get("training_data", ()), *plan.get("evaluation_data", ())]
    image = _image_name(record)
    facts: ReleaseFacts = {
        "release_id": record["release_id"],
        "project": record["project"],
        "model": record["model"],
        "version": record["version"],
        "cause": record["cause"],
        "status": record["status"],
        "planned_at": record["planned_at"],
    }
    if record["reason"]:
        facts["reason"] = record["reason"]
    if "execution_arn" in record:
        facts["execution_arn"] = record["execution_arn"]
    if record["status"] not in OPEN_STATUSES and "ended_at" in record:
        facts["ended_at"] = record["ended_at"]
        if "failure" in record:
            facts["failure"] = record["failure"]
    if lookups:
        facts["steps"] = {step: lookup["explanation"] for step, lookup in lookups.items()}
    release = node_of(
        "release",
        record["release_id"],
        title=_title(record),
        facts=facts,
        inputs=contributed(
            *(data_set_id(record["project"], one) for one in pinned),
            node_id("image", image) if image else "",
        ),
        # a step that is waited for is looked up again: first there are more look-ups, then fewer that wait
        as_of=f"{release_revision(record)}/{len(lookups)}/{_settled(lookups)}",
    )
    return [release, _image_node(plan, image)] if plan and image else [release]


def _settled(lookups: Mapping[str, Any]) -> int:
    return sum(lookup["result"] != "wait" for lookup in lookups.values())


def _image_name(record: ReleaseRecord) -> str:
    return f"{record['repository']}@{record['image_digest']}" if record["image_digest"] else ""


def _image_node(plan: Mapping[str, Any], name: str) -> NodeFacts:
    """An image never changes; a plan of earlier did not say yet how it was made."""
    source = plan.get("source")
    repository, _, digest = name.partition("@")
    return node_of(
        "image",
        name,
        title=f"{repository}@{digest.removeprefix('sha256:')[:12]}",
        facts={"repository": repository, "digest": digest, "source": source or None},
        as_of="2" if source else "1",
    )


def _title(record: Mapping[str, Any]) -> str:
    version = record["version"]
    return f"{record['model']}:{version}" if version else str(record["release_id"])


def report_node(report: Mapping[str, Any], uri: str) -> NodeFacts:
    """
    The evidence, from the file itself; a release that is judged again writes it anew.

    Args:
        report: ``contracts.report.EvidenceReport``.
        uri: Where it lies.
    """
    side = report.get("challenger") or {}
    facts: ReportFacts = {
        "uri": uri,
        "accepted": bool(report.get("accepted")),
        "summary": str(report.get("summary", "")),
        "primary_metric": str(report.get("primary_metric", "")),
        "metrics": dict(side.get("metrics") or {}),
    }
    jobs = [node_id("evaluation-job", name) for name in report.get("evaluation_jobs") or ()]
    return node_of(
        "report",
        uri,
        title=f"report of {report['model']}:{report['version']}",
        facts=facts,
        inputs=[edge("Produced", job) for job in jobs],
        as_of=str(report["judged_at"]),
    )


def approval_node(record: ApprovalRecord) -> NodeFacts:
    """What was asked of whom, and who decided how; a redrive may ask again."""
    facts: ApprovalFacts = {
        "release_id": record["release_id"],
        "status": record["status"],
        "approvers": sorted(record["approvers"]),
        "requested_at": record["requested_at"],
    }
    if record["status"] != "pending":
        for key in ("decided_by", "decided_at", "decision_reason"):
            if record.get(key):
                facts[key] = record[key]
    return node_of(
        "approval",
        record["release_id"],
        title=_title(cast("Mapping[str, Any]", record)),
        facts=facts,
        inputs=contributed(package_id(record["package_arn"]), report_id(record["report_uri"])),
        as_of=f"{record['redrive']:06d}/{int(record['status'] != 'pending')}",
    )


def image_of(report: Mapping[str, Any]) -> str:
    """The image's id that an evidence report names; empty where it does not."""
    return image_id(str(report.get("image_uri", "")))
