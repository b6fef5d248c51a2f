"""Read what two versions came of, and say what changed between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.derivation import package_id
from slipway.domain.likely_causes import Difference, difference
from slipway.domain.lineage_graph import graph_of, nearby
from slipway.domain.version_origin import Origin, origin_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.lineage import NodeFacts
    from slipway.usecases.ports import Lineage


def compare_versions(lineage: Lineage, before: VersionRecord, after: VersionRecord) -> Difference:
    """
    What changed from one version to the other; at most three reads, whatever the graph's size.

    The packages' nodes come in one read, the facts above them in another. A version that the graph does not
    hold is taken from its record alone.
    """
    ids = [package_id(one["package_arn"]) for one in (before, after)]
    packages = lineage.nodes(ids)
    above = {one: nearby(packages[one]) for one in ids if one in packages}
    wanted = sorted({name for names in above.values() for name in names})
    facts: dict[str, NodeFacts] = {**lineage.nodes(wanted)} if wanted else {}

    def origin(record: VersionRecord, package: str) -> Origin:
        if package not in above:
            return origin_of(record, None, None)
        known = {name: facts[name] for name in above[package] if name in facts}
        return origin_of(record, None, graph_of(package, {package: packages[package], **known}))

    return difference(before, after, origin(before, ids[0]), origin(after, ids[1]))
