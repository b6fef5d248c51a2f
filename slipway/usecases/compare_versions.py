"""Read what two versions came of, and say what changed between them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from slipway.contracts.lineage import node_id
from slipway.contracts.report import report_uri
from slipway.domain.compared import Candidate, Compared, Registered, Unregistered, compared
from slipway.domain.derivation import package_id, report_id
from slipway.domain.likely_causes import Difference, difference
from slipway.domain.lineage_graph import graph_of, nearby

if TYPE_CHECKING:
    from slipway.contracts.ledger import ReleaseRecord
    from slipway.contracts.lineage import NodeFacts
    from slipway.usecases.ports import Lineage

_BELOW: Final = 24
"""Nodes below a release that are looked at: its training is among them."""


def compare_versions(lineage: Lineage, before: Candidate, after: Candidate) -> Difference:
    """
    What changed from one to the other; two reads, and one more for each that registered no version.

    The nodes themselves come in one read, the facts around them in another. One that the graph does not hold
    is taken from its record alone.
    """
    ids = [_node(one) for one in (before, after)]
    held = lineage.nodes(ids)
    around = {one: nearby(held[one]) for one in ids if one in held}
    for candidate, one in zip((before, after), ids, strict=True):
        if isinstance(candidate, Unregistered) and one in held:
            around[one] += _beside(lineage, one, candidate.release)
    wanted = sorted({name for names in around.values() for name in names})
    facts: dict[str, NodeFacts] = {**lineage.nodes(wanted)} if wanted else {}

    def side(candidate: Candidate, one: str) -> Compared:
        if one not in around:
            return compared(candidate, None)
        known = {name: facts[name] for name in around[one] if name in facts}
        return compared(candidate, graph_of(one, {one: held[one], **known}))

    return difference(side(before, ids[0]), side(after, ids[1]))


def _node(candidate: Candidate) -> str:
    if isinstance(candidate, Registered):
        return package_id(candidate.version["package_arn"])
    return node_id("release", candidate.release["release_id"])


def _beside(lineage: Lineage, node: str, release: ReleaseRecord) -> list[str]:
    """What is below a release, its training with it, and its evidence, which is below its model."""
    below = [one["id"] for one in islice(lineage.descendants(node, limit=_BELOW), _BELOW)]
    plan = release.get("plan")
    return below if plan is None else [*below, report_id(report_uri(plan["artifact_prefix"]))]
