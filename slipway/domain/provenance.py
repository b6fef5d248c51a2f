"""Where a version, or a release that failed, came from and what became of it: the answers on one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.domain.answers import Answer, Question, known, moment
from slipway.domain.comparison import MetricRow, compare
from slipway.domain.deployed_answer import deployed_answer
from slipway.domain.failure_answer import failure_answer
from slipway.domain.lineage_graph import verdict_facts
from slipway.domain.origin_answers import data_answer, libraries_answer, parameters_answer
from slipway.domain.run_answer import run_answer
from slipway.domain.training_curves import TrainingCurve, training_curves
from slipway.domain.version_origin import Origin, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import (
        AliasRecord,
        ApprovalRecord,
        PromotionRecord,
        ReleaseRecord,
        VersionRecord,
    )
    from slipway.contracts.lineage import Serving
    from slipway.domain.lineage_graph import LineageGraph


@dataclass(frozen=True, slots=True)
class Records:
    """
    All that was read to answer.

    Attributes:
        release: None: it is not in the ledger (any more).
        version: None: the release registered none.
        graph: None: the graph does not hold it (yet).
        approval: Only where the graph is missing.
        moves: Of the alias ``champion``, newest first.
        champion: The version that it points to.
        promotions: Of this version, those asked for by hand.
        serving: The model's endpoints.
    """

    release: ReleaseRecord | None = None
    version: VersionRecord | None = None
    graph: LineageGraph | None = None
    approval: ApprovalRecord | None = None
    moves: tuple[AliasRecord, ...] = ()
    champion: VersionRecord | None = None
    promotions: tuple[PromotionRecord, ...] = ()
    serving: tuple[Serving, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """
    One page.

    Attributes:
        project: Of the model.
        model: Its name.
        version: Empty: the release was refused before it had one.
        release_id: The release that made it.
        status: Of the release.
        answers: The six, in their order.
        metrics: Primary one first; the champion of its day beside it where that is known.
        curves: How metrics went while it was trained, as far as its job's log tells.
        further: Term and plain text: verdict, approval, package, artifact.
        graph: None: not recorded.
        missing: What is not known, and why, a sentence each.
    """

    project: str
    model: str
    version: str
    release_id: str
    status: str
    answers: tuple[Answer, ...]
    metrics: tuple[MetricRow, ...]
    curves: tuple[TrainingCurve, ...]
    further: tuple[tuple[str, str], ...]
    graph: LineageGraph | None
    missing: tuple[str, ...]

    @property
    def title(self) -> str:
        """``hotel-rates 1.1.0``."""
        return f"{self.model} {self.version}".strip() or f"release {self.release_id}"

    def answer(self, question: Question) -> Answer:
        """The answer to one question."""
        return next(one for one in self.answers if one.question == question)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "project": self.project,
            "model": self.model,
            "version": self.version,
            "release_id": self.release_id,
            "status": self.status,
            "answers": {one.question: one.document() for one in self.answers},
            "metrics": {row.metric: row.challenger for row in self.metrics},
            "curves": {one.metric: one.points for one in self.curves},
            "further": dict(self.further),
            "graph": self.graph.document() if self.graph is not None else None,
            "missing": list(self.missing),
        }


def assemble(records: Records) -> Provenance:
    """The page, from what was read; at least a release or a version must have been."""
    version, release, graph = records.version, records.release, records.graph
    subject: Mapping[str, Any] = version or release or {}
    release_id = str(subject["release_id"])
    origin = origin_of(version, release, graph)
    # a registered version was trained, if not by this release then by the one whose outputs it took
    trained = version is not None or origin.training_status == "Completed"
    promotions = _promotions(records)
    return Provenance(
        project=str(subject["project"]),
        model=str(subject["model"]),
        version=str(subject["version"]) or str(subject.get("image_tag", "")),
        release_id=release_id,
        status=release["status"] if release is not None else "",
        answers=(
            data_answer(origin, trained=trained),
            parameters_answer(origin),
            run_answer(origin, release, version, _steps(records, release_id), release_id),
            libraries_answer(origin),
            failure_answer(release, graph, promotions),
            deployed_answer(
                version=str(subject["version"]),
                moves=records.moves,
                champion=records.champion,
                serving=records.serving,
            ),
        ),
        metrics=tuple(_metrics(records)),
        curves=tuple(training_curves(origin.training or {})),
        further=_further(records),
        graph=graph,
        missing=tuple(_missing(records, origin)),
    )


def _steps(records: Records, release_id: str) -> Mapping[str, str]:
    """Step to what its look-up in the cache answered."""
    release: Mapping[str, Any] = records.release or {}
    lookups: Mapping[str, Any] = release.get("lookups") or {}
    said = {step: str(lookup["explanation"]) for step, lookup in lookups.items() if lookup}
    own = records.graph.facts(f"release:{release_id}") if records.graph is not None else {}
    return {**said, **(own.get("steps") or {})}


def _promotions(records: Records) -> list[PromotionRecord]:
    if records.version is None:
        return []
    version, release = records.version["version"], records.version["release_id"]
    return [one for one in records.promotions if (one["version"], one["release_id"]) == (version, release)]


def _metrics(records: Records) -> list[MetricRow]:
    version: Mapping[str, Any] = records.version or {}
    release: Mapping[str, Any] = records.release or {}
    plan: Mapping[str, Any] = release.get("plan") or {}
    manifest = version.get("manifest") or plan.get("manifest") or {}
    declared = manifest.get("evaluation") or {}
    measured = (
        version.get("metrics") or release.get("metrics") or verdict_facts(records.graph).get("metrics") or {}
    )
    if not measured:
        return []
    return compare(str(declared.get("primary_metric", "")), measured, {}, declared.get("metrics") or {})


def _further(records: Records) -> tuple[tuple[str, str], ...]:
    version: Mapping[str, Any] = records.version or {}
    release: Mapping[str, Any] = records.release or {}
    graph, report = records.graph, verdict_facts(records.graph)
    approval: Mapping[str, Any] = records.approval or {}
    if graph is not None:
        approval = next((one["facts"] for one in graph.of_kind("approval") if one["facts"]), approval)
    artifact = version.get("artifact") or {}
    against = (release.get("plan") or {}).get("champion")
    champion = against["version"] if against else "none"
    measured = bool(version or report)
    return known(
        [
            ("Verdict", version.get("verdict") or report.get("summary")),
            ("Judged against" if measured else "Champion then", champion if release.get("plan") else ""),
            ("Approval", version.get("approval") or approval.get("status")),
            ("Asked", ", ".join(sorted(approval.get("approvers") or ()))),
            ("Decided by", version.get("approver") or approval.get("decided_by")),
            ("Decided", moment(version.get("decided_at") or approval.get("decided_at"))),
            ("Reason", version.get("decision_reason") or approval.get("decision_reason")),
            ("Registered", moment(version.get("registered_at"))),
            ("Stage", version.get("stage")),
            ("Model package", version.get("package_arn")),
            ("Model artifact", version.get("model_uri")),
            ("Artifact digest", artifact.get("sha256")),
            ("Content digest", artifact.get("content")),
            ("Artifact removed", moment(version.get("artifact_removed_at"))),
            ("Report", version.get("report_uri") or report.get("uri")),
        ]
    )


def _missing(records: Records, origin: Origin) -> list[str]:
    said = []
    refused = records.release is not None and records.release["status"] == "refused"
    if records.graph is None and not refused:  # nothing came of a refused push
        said.append(
            "The lineage graph does not hold it yet: events are on their way, or the sweep will bring them. "
            "All answers come from the ledger's records."
        )
    elif not origin.training and records.version is not None:
        said.append("The graph does not hold its training job yet: times and log of it are missing.")
    if records.release is None:
        said.append("The record of its release is not in the ledger: cause and times of the run are missing.")
    if records.graph is not None and records.graph.left_out:
        said.append(f"{records.graph.left_out} further nodes are not drawn; `slipway lineage` lists them.")
    return said
