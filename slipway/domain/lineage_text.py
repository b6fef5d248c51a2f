"""A lineage node as text: equal nodes, equal bytes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from slipway.contracts.lineage import MAX_NODE_BYTES
from slipway.domain.lineage_errors import NodeTooLargeError

if TYPE_CHECKING:
    from slipway.contracts.lineage import InputEdge, Node, NodeFacts


def facts_text(node: NodeFacts) -> str:
    """Canonical text of what it says of itself."""
    return json_text(node["facts"])


def graph_text(node: Node) -> str:
    """
    Canonical text of all edges at and above a node, each id once.

    ``{"ids": [...], "edges": [[target, source, relation], ...]}``; a target or source is a place in ``ids``.
    """
    edges_of = {**node["upstream"], node["id"]: node["inputs"]}
    ids = sorted(set(edges_of) | {edge["source"] for edges in edges_of.values() for edge in edges})
    places = {name: place for place, name in enumerate(ids)}
    edges = [
        [places[target], places[edge["source"]], edge["relation"]]
        for target in sorted(edges_of)
        for edge in edges_of[target]
    ]
    known = [places[name] for name in sorted(edges_of)]
    return json_text({"ids": ids, "known": known, "edges": edges})


def edges_from_text(text: str) -> dict[str, list[InputEdge]]:
    """The inverse of ``graph_text``: inputs by node, with the node itself."""
    graph = json.loads(text)
    ids = graph["ids"]
    found: dict[str, list[InputEdge]] = {ids[place]: [] for place in graph["known"]}
    for target, source, relation in graph["edges"]:
        found[ids[target]].append({"relation": relation, "source": ids[source]})
    return found


def canonical(node: Node) -> bytes:
    """
    The bytes that stand for a node: equal nodes, equal bytes.

    Raises:
        NodeTooLargeError: More than an item should have.
    """
    head = [node["id"], node["name"], node["as_of"]]
    said = "\n".join((json_text(head), facts_text(node), graph_text(node))).encode()
    if len(said) > MAX_NODE_BYTES:
        raise NodeTooLargeError(node["id"], len(said))
    return said


def content_digest(node: Node) -> str:
    """Which content a write expects to find."""
    return hashlib.sha256(canonical(node)).hexdigest()[:32]


def plain(value: Any) -> Any:
    """60.0 and 60 are one number, a tuple is a list."""
    match value:
        case dict():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def json_text(value: Any) -> str:
    """JSON without a choice: sorted keys, no spaces, no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
