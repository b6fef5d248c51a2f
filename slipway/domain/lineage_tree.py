"""The graph above or below a node as a tree: what comes again is marked, and not followed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts.lineage import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.lineage import InputEdge, Node, NodeFacts, NodeKind

Direction = Literal["up", "down"]

_WORDS: Final[Mapping[tuple[Direction, str], str]] = {
    ("up", "ContributedTo"): "made with",
    ("up", "Produced"): "produced by",
    ("up", "DerivedFrom"): "derived from",
    ("up", "AssociatedWith"): "associated with",
    ("down", "ContributedTo"): "contributed to",
    ("down", "Produced"): "produced",
    ("down", "DerivedFrom"): "source of",
    ("down", "AssociatedWith"): "associated with",
}
_BY_SOURCE: Final[Mapping[tuple[Direction, NodeKind], str]] = {
    ("up", "release"): "asked for by",
    ("up", "approval"): "allowed by",
    ("down", "release"): "asked for",
    ("down", "approval"): "allowed",
}
"""Where what contributed is no ingredient."""


@dataclass(frozen=True, slots=True)
class Branch:
    """
    One node of the tree.

    Attributes:
        id: Of the node.
        kind: Its kind.
        name: For people.
        relation: In words, to the node before it; empty at the root.
        again: It stands elsewhere in the tree with all that is beyond it.
        beyond: What is further up, or down.
    """

    id: str
    kind: NodeKind
    name: str
    relation: str
    again: bool
    beyond: tuple[Branch, ...]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            **({"relation": self.relation} if self.relation else {}),
            **({"again": True} if self.again else {"beyond": [one.document() for one in self.beyond]}),
        }


def edges_above(node: Node) -> dict[str, list[tuple[str, str]]]:
    """Each node with its inputs, as relation and source: all that the node itself knows."""
    return {
        node["id"]: _pairs(node["inputs"]),
        **{one: _pairs(edges) for one, edges in node["upstream"].items()},
    }


def edges_below(nodes: Iterable[NodeFacts]) -> dict[str, list[tuple[str, str]]]:
    """Each node with what came of it, as relation and target, among these."""
    held = list(nodes)
    below: dict[str, list[tuple[str, str]]] = {one["id"]: [] for one in held}
    for target in held:
        for edge in target["inputs"]:
            if edge["source"] in below:
                below[edge["source"]].append((edge["relation"], target["id"]))
    return {one: sorted(pairs) for one, pairs in below.items()}


def _pairs(edges: Iterable[InputEdge]) -> list[tuple[str, str]]:
    return sorted((edge["relation"], edge["source"]) for edge in edges)


def tree(
    root: str,
    edges: Mapping[str, list[tuple[str, str]]],
    nodes: Mapping[str, NodeFacts],
    *,
    direction: Direction,
    depth: int | None = None,
) -> Branch:
    """
    The tree from a node.

    A node that several ways lead to stands, with what is beyond it, where the way to it is shortest.

    Args:
        root: Where it begins.
        edges: Relation and id of the next ones, by id.
        nodes: Kinds and names, by id.
        direction: Which way the edges lead.
        depth: At most so many edges away; None: all.
    """
    children: dict[str, list[tuple[str, str, bool]]] = {}
    seen, layer, away = {root}, [root], 0
    while layer and (depth is None or away < depth):
        following = []
        for one in layer:
            for relation, other in edges.get(one, ()):
                again = other in seen
                children.setdefault(one, []).append((relation, other, again))
                if not again:
                    seen.add(other)
                    following.append(other)
        layer, away = following, away + 1

    def branch(one: str, relation: str, *, again: bool) -> Branch:
        node = nodes[one]
        beyond = (
            ()
            if again
            else tuple(
                branch(other, _word(direction, said, other if direction == "up" else one), again=repeated)
                for said, other, repeated in children.get(one, ())
            )
        )
        return Branch(one, node["kind"], node["name"], relation, again, beyond)

    return branch(root, "", again=False)


def _word(direction: Direction, relation: str, source: str) -> str:
    return _BY_SOURCE.get((direction, kind_of(source)), _WORDS[direction, relation])
