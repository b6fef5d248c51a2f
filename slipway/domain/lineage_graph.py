"""A part of the graph around one node: what is shown of where a version came from and where it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from slipway.contracts.lineage import InputEdge, Node, NodeFacts, NodeKind, Serving

MAX_SHOWN: Final = 60
"""Nodes of one drawing: more can't be read; `slipway lineage` lists them all."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge: ``source`` is an input of ``target``."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """
    Nodes, and the edges between them.

    Attributes:
        center: The id of the node that it is about.
        nodes: By id; one that the ledger only heard of has no facts.
        edges: Between these nodes alone.
        left_out: Nodes that there are and that are not in here.
    """

    center: str
    nodes: Mapping[str, NodeFacts]
    edges: tuple[Edge, ...]
    left_out: int = 0

    def of_kind(self, *kinds: NodeKind) -> list[NodeFacts]:
        """Its nodes of these kinds, by id."""
        return [self.nodes[one] for one in sorted(self.nodes) if self.nodes[one]["kind"] in kinds]

    def facts(self, node: str) -> Mapping[str, Any]:
        """What a node says of itself; empty where it is not known."""
        return self.nodes[node]["facts"] if node in self.nodes else {}

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "center": self.center,
            "nodes": [
                {"id": one["id"], "kind": one["kind"], "name": one["name"], "facts": one["facts"]}
                for _, one in sorted(self.nodes.items())
            ],
            "edges": [
                {"source": one.source, "relation": one.relation, "target": one.target} for one in self.edges
            ],
            "left_out": self.left_out,
        }


def verdict_facts(graph: LineageGraph | None) -> Mapping[str, Any]:
    """The report's that says whether it was accepted; empty where none is recorded."""
    reports = [one["facts"] for one in graph.of_kind("report")] if graph is not None else []
    return next((facts for facts in reports if "accepted" in facts), {})


def nearby(node: Node) -> list[str]:
    """
    Ids of a node's ancestors that tell how it was made, the nearest first.

    A version is judged beside the champion of its day, which was judged beside an older one: behind another
    version's artifact lies the whole history of the model. The artifact is shown, what is behind it is not.
    """
    own = {edge["source"] for edge in node["inputs"] if kind_of(edge["source"]) == "model-artifact"}
    found: dict[str, None] = {}
    inputs: Iterable[InputEdge] = node["inputs"]
    layer = [edge["source"] for edge in inputs]
    while layer:
        found.update(dict.fromkeys(layer))
        ahead = [one for one in layer if kind_of(one) != "model-artifact" or one in own]
        layer = sorted(
            {edge["source"] for one in ahead for edge in node["upstream"].get(one, ())} - found.keys()
        )
    return list(found)


def graph_of(
    center: str, nodes: Mapping[str, NodeFacts], *, shown: Collection[str] | None = None, left_out: int = 0
) -> LineageGraph:
    """
    The graph of these nodes.

    Args:
        center: The node that it is about.
        nodes: By id, as the ledger has them.
        shown: Ids to show, known or not; default: those of ``nodes``.
        left_out: How many more there are.
    """
    ids = set(nodes if shown is None else shown)
    held = {one: nodes[one] if one in nodes else _unknown(one) for one in sorted(ids)}
    edges = sorted(
        {
            (edge["source"], edge["relation"], target)
            for target, node in held.items()
            for edge in node["inputs"]
            if edge["source"] in ids
        }
    )
    return LineageGraph(center, held, tuple(Edge(*edge) for edge in edges), left_out)


def with_endpoints(graph: LineageGraph, serving: Iterable[Serving]) -> LineageGraph:
    """
    The graph with the endpoints that its promotions changed: they are not closed over, but named there.

    Args:
        graph: With promotions.
        serving: What is known of endpoints now.
    """
    states = {one["endpoint"]: {"status": one["status"]} for one in serving}
    nodes, edges = dict(graph.nodes), set(graph.edges)
    for promotion in graph.of_kind("promotion"):
        facts = promotion["facts"]
        if not facts.get("endpoint") or str(facts.get("status", "")).lower() not in _PROMOTED:
            continue
        endpoint = f"endpoint:{facts['endpoint']}"
        nodes.setdefault(endpoint, {**_unknown(endpoint), "facts": states.get(facts["endpoint"], {})})
        edges.add(Edge(promotion["id"], "AssociatedWith", endpoint))
    ordered = sorted(edges, key=lambda edge: (edge.source, edge.relation, edge.target))
    return LineageGraph(graph.center, nodes, tuple(ordered), graph.left_out)


_PROMOTED: Final = ("deployed", "succeeded")


def _unknown(node: str) -> NodeFacts:
    """A node that is named, and that is not recorded itself."""
    return {
        "id": node,
        "kind": kind_of(node),
        "name": node.partition(":")[2],
        "facts": {},
        "inputs": [],
        "as_of": "",
    }
