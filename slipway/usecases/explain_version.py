"""Read what answers where a version came from, or a release that made none, in few reads."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from slipway.contracts.lineage import kind_of, node_id
from slipway.contracts.names import CHAMPION
from slipway.contracts.report import report_uri
from slipway.domain.derivation import package_id, report_id
from slipway.domain.lineage_graph import MAX_SHOWN, graph_of, nearby, with_endpoints
from slipway.domain.provenance import Provenance, Records, assemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.ledger import AliasRecord, ReleaseRecord, VersionRecord
    from slipway.contracts.lineage import NodeFacts, NodeKind, Serving
    from slipway.domain.lineage_graph import LineageGraph
    from slipway.usecases.ports import Ledger, Lineage

_BELOW: Final = 24
"""Nodes below that are drawn: approval, promotions; of a release that failed, its jobs."""


def explain_version(ledger: Ledger, lineage: Lineage, version: VersionRecord) -> Provenance:
    """
    All about a registered version.

    Costs seven reads, and one more where another version serves now: its release, its package's node (with
    the whole graph above it), what is below it, the facts of both, the champion's history, what endpoints
    serve, and promotions by hand.
    """
    project, model = version["project"], version["model"]
    serving = lineage.serving()
    graph = graph_around(lineage, package_id(version["package_arn"]), serving)
    moves = tuple(ledger.alias_history(project, model, CHAMPION))
    return assemble(
        Records(
            release=ledger.release(version["release_id"]),
            version=version,
            graph=graph,
            approval=ledger.get_approval(version["release_id"]) if graph is None else None,
            moves=moves,
            champion=_champion(ledger, version, moves),
            promotions=tuple(ledger.promotions(project, model)),
            serving=_of_model(serving, project, model),
        )
    )


def explain_release(ledger: Ledger, lineage: Lineage, release: ReleaseRecord) -> Provenance:
    """
    All about a release: of the version that it registered, or of how it ended without one.

    Costs as many reads as a version's, one more to find that there is none, and one for the jobs that its
    evidence came of.
    """
    project, model, version = release["project"], release["model"], release["version"]
    if version:
        registered = ledger.version(project, model, version)
        if registered is not None and registered["release_id"] == release["release_id"]:
            return explain_version(ledger, lineage, registered)
    serving = lineage.serving()
    graph = graph_around(
        lineage, node_id("release", release["release_id"]), serving, beside=beside_release(release)
    )
    moves = tuple(ledger.alias_history(project, model, CHAMPION)) if project else ()
    return assemble(
        Records(
            release=release,
            graph=graph,
            approval=ledger.get_approval(release["release_id"]) if graph is None else None,
            moves=moves,
            champion=_champion(ledger, None, moves),
            serving=_of_model(serving, project, model),
        )
    )


def beside_release(release: ReleaseRecord) -> list[str]:
    """
    Nodes that belong to a release and are not below it: an evaluation, and the evidence that it produced, is
    below the model that it measured.
    """
    plan = release.get("plan")
    if plan is None:
        return []
    return [*_named_jobs(release), report_id(report_uri(plan["artifact_prefix"]))]


def _named_jobs(release: ReleaseRecord) -> list[str]:
    """Nodes of the jobs that a release's failure names."""
    plan, failure = release.get("plan"), release.get("failure")
    if plan is None or failure is None:
        return []
    kinds: dict[str, NodeKind] = {
        "training": "training-job",
        "challenger": "evaluation-job",
        "champion": "evaluation-job",
    }
    return [
        node_id(kinds[step], job)
        for step, stem in sorted(plan["job_names"].items())
        for job in sorted(
            set(re.findall(rf"{re.escape(stem)}-\d+-\d+", " ".join(map(str, failure.values()))))
        )
    ]


def graph_around(
    lineage: Lineage, center: str, serving: Sequence[Serving], *, beside: Sequence[str] = ()
) -> LineageGraph | None:
    """
    The graph around a node, with facts: three reads. None: the node is not recorded.

    One read gives the node with all edges above it, one what is below it, one the facts of what is shown;
    where there is evidence among ``beside``, one more the facts of the jobs that produced it.

    Args:
        lineage: The graph.
        center: The node's id.
        serving: What endpoints serve.
        beside: Further nodes that belong to it, if they are there.
    """
    node = lineage.node(center)
    if node is None or not node["as_of"]:
        return None
    above = nearby(node)
    below = [one["id"] for one in itertools.islice(lineage.descendants(center, limit=_BELOW), _BELOW)]
    wanted = list(dict.fromkeys([*above, *below, *beside]))
    shown = wanted[: MAX_SHOWN - 1]
    nodes: dict[str, NodeFacts] = {center: node, **lineage.nodes(shown)}
    producers = _inputs(nodes, [one for one in beside if kind_of(one) == "report"])
    if producers:
        nodes |= lineage.nodes(producers)
    left_out = len(wanted) - len(shown)
    shown = [one for one in shown if one in nodes or one not in beside]
    shown += [center, *_inputs(nodes, [*below, *beside, *producers])]
    return with_endpoints(graph_of(center, nodes, shown=shown, left_out=left_out), serving)


def _inputs(nodes: dict[str, NodeFacts], below: Sequence[str]) -> list[str]:
    """What else led to the nodes below, by name: the data of a failed release's job, and the like."""
    return [edge["source"] for one in below if one in nodes for edge in nodes[one]["inputs"]]


def _champion(
    ledger: Ledger, version: VersionRecord | None, moves: tuple[AliasRecord, ...]
) -> VersionRecord | None:
    """The version that the alias points to."""
    if not moves:
        return None
    now = moves[0]
    if version is not None and version["version"] == now["version"]:
        return version
    return ledger.version(now["project"], now["model"], now["version"])


def _of_model(serving: Sequence[Serving], project: str, model: str) -> tuple[Serving, ...]:
    return tuple(one for one in serving if (one["project"], one["model"]) == (project, model))
