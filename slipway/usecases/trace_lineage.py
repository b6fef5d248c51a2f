"""Where a node came from, where it went, and which models and endpoints it reached."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import kind_of
from slipway.domain.blame import (
    FAILED,
    UNDER_WAY,
    Blame,
    BlamedPackage,
    BlamedRelease,
    How,
    LiveVariant,
    how_reached,
)
from slipway.domain.errors import SlipwayError
from slipway.domain.lineage import entries, stub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.contracts.lineage import Descendant, Node, NodeKind
    from slipway.usecases.ports import Lineage

_AT_ONCE: Final = 100
"""Nodes of one read."""


class NodeNotKnownError(SlipwayError):
    """Lineage holds no such node."""

    def __init__(self, node: str) -> None:
        super().__init__(
            f"lineage knows no node {node!r}; an id is <kind>:<name>, as data-set:pricing/hotel-rates:1.1.0, "
            "training-job:<name of the job>; if it is new, its event may still be on the way"
        )
        self.node = node


def upstream(
    lineage: Lineage, node: str, *, depth: int | None = None, kind: NodeKind | None = None
) -> list[Descendant]:
    """
    Everything a node came from, the nearest first: one read.

    Args:
        lineage: The graph.
        node: An id.
        depth: At most so many edges away.
        kind: Of this kind alone.

    Returns:
        Ancestors with how many edges they are away, and through which kinds they lead here; their names are
        those of their ids.

    Raises:
        NodeNotKnownError: There is no such node.
    """
    found = _known(lineage, node)
    above: list[Descendant] = [
        {
            "id": ancestor,
            "kind": kind_of(ancestor),
            "name": stub(ancestor)["name"],
            "depth": entry["depth"],
            "through": entry["through"],
        }
        for ancestor, entry in entries(found).items()
        if (depth is None or entry["depth"] <= depth) and kind in (None, kind_of(ancestor))
    ]
    return sorted(above, key=lambda one: (one["depth"], one["kind"], one["id"]))


def downstream(
    lineage: Lineage,
    node: str,
    *,
    depth: int | None = None,
    kind: NodeKind | None = None,
    limit: int | None = None,
) -> Iterator[Descendant]:
    """
    What came of a node, by kind and id, read page by page as it is asked for.

    Args:
        lineage: The graph.
        node: An id.
        depth: At most so many edges away.
        kind: Of this kind alone.
        limit: So many at most.

    Raises:
        NodeNotKnownError: There is no such node.
    """
    _known(lineage, node)
    if depth is None:
        return lineage.descendants(node, kind=kind, limit=limit)
    near = (one for one in lineage.descendants(node, kind=kind) if one["depth"] <= depth)
    return islice(near, limit)


def blame(lineage: Lineage, node: str) -> Blame:
    """
    Every model version that a node reached, the releases that are not through, and what serves now.

    Reads the node's descendants, those of the data sets that derive from it, and one query of what serves;
    facts of versions and releases come a hundred a read.

    Raises:
        NodeNotKnownError: There is no such node.
    """
    _known(lineage, node)
    how = _packages(lineage, node)
    releases = [one["id"] for one in lineage.descendants(node, kind="release")]
    releases += [node] if kind_of(node) == "release" else []
    open_or_failed = [
        BlamedRelease(found["id"], found["name"], *_version_of(found), str(found["facts"].get("status", "")))
        for found in _facts(lineage, releases)
        if found["facts"].get("status") in (*FAILED, *UNDER_WAY)
    ]
    return Blame(
        node=node,
        packages=tuple(
            BlamedPackage(found["id"], found["name"], *_version_of(found), tuple(sorted(how[found["id"]])))
            for found in _facts(lineage, sorted(how))
        ),
        failed=tuple(one for one in open_or_failed if one.status in FAILED),
        under_way=tuple(one for one in open_or_failed if one.status in UNDER_WAY),
        live=tuple(_live(lineage, how)),
    )


def _packages(lineage: Lineage, node: str) -> dict[str, set[How]]:
    """Packages below a node, and what they have to do with it or with a data set that derives from it."""
    found: dict[str, set[How]] = {node: {"contains"}} if kind_of(node) == "model-package" else {}
    sources = [node]
    if kind_of(node) == "data-set":
        sources += [one["id"] for one in lineage.descendants(node, kind="data-set")]
    for source in sources:
        for entry in lineage.descendants(source, kind="model-package"):
            found.setdefault(entry["id"], set()).update(how_reached(kind_of(source), entry["through"]))
    for reasons in found.values():
        if len(reasons) > 1:
            reasons.discard("planned with")
    return found


def _live(lineage: Lineage, packages: Mapping[str, Any]) -> Iterator[LiveVariant]:
    if not packages:
        return
    for serving in lineage.serving():
        for one in sorted(serving["variants"], key=lambda variant: variant["variant"]):
            if one["package"] in packages:
                yield LiveVariant(
                    serving["endpoint"],
                    one["variant"],
                    one["package"],
                    one["version"],
                    one["share"],
                    serving["status"],
                )


def _facts(lineage: Lineage, nodes: Iterable[str]) -> Iterator[Node]:
    """Nodes in this order, a hundred a read."""
    left = iter(nodes)
    while names := list(islice(left, _AT_ONCE)):
        found = lineage.nodes(names)
        yield from (found[name] for name in names if name in found)


def _version_of(node: Node) -> tuple[str, str, str]:
    facts = node["facts"]
    return str(facts.get("project", "")), str(facts.get("model", "")), str(facts.get("version", ""))


def _known(lineage: Lineage, node: str) -> Node:
    found = lineage.node(node)
    if found is None:
        raise NodeNotKnownError(node)
    return found
