"""
The algebra of lineage: what is above a node, what an ancestor knows of it, which version of it wins.

An ancestor of a node is every input, and every ancestor of an input that ``hands_down``. Whatever lies in the
ledger is a function of the nodes alone, so that writers who come in any order end in the same items.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import NODE_KINDS, kind_of
from slipway.domain.lineage_errors import LineageCycleError, MalformedNodeError
from slipway.domain.lineage_text import json_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.lineage import Descendant, InputEdge, Node, NodeFacts, NodeKind, Serving

DIGEST_PREFIX: Final = "sha256:"


def hands_down(edge: InputEdge, target: str) -> bool:
    """
    Whether what is above an edge's source is above its target as well.

    ``AssociatedWith`` says that two belong together, not that one came of the other: an endpoint sees every
    version there ever was. An evaluation measures an artifact and is not made of it: a version is judged
    beside its champion, and would otherwise descend from every champion before.

    >>> hands_down({"relation": "Produced", "source": "training-job:t"}, "model-artifact:s3://b/t")
    True
    >>> hands_down({"relation": "ContributedTo", "source": "model-artifact:s3://b/t"}, "evaluation-job:e")
    False
    """
    if edge["relation"] == "AssociatedWith":
        return False
    return (kind_of(edge["source"]), kind_of(target)) != ("model-artifact", "evaluation-job")


def normal(node: NodeFacts) -> NodeFacts:
    """
    A node as JSON reads it back, its inputs sorted and each named once.

    Raises:
        MalformedNodeError: An id or an edge is none, or a fact is no JSON.
    """
    name = node["id"]
    if node["kind"] not in NODE_KINDS or kind_of(name) != node["kind"] or not name.partition(":")[2]:
        raise MalformedNodeError(name, f"kind is {node['kind']!r}, and an id is <kind>:<name>")
    for edge in node["inputs"]:
        if kind_of(edge["source"]) not in NODE_KINDS:
            raise MalformedNodeError(name, f"its input {edge['source']!r} is of no known kind")
        if edge["source"] == name:
            raise LineageCycleError(name)
    if not node["as_of"]:
        return stub(name)
    pairs = sorted({(edge["source"], edge["relation"]) for edge in node["inputs"]})
    try:
        facts = json.loads(json_text(plain(node["facts"])))
    except (TypeError, ValueError) as error:
        raise MalformedNodeError(name, f"its facts are no JSON: {error}") from None
    return {
        "id": name,
        "kind": node["kind"],
        "name": node["name"],
        "facts": facts,
        "inputs": [{"relation": relation, "source": source} for source, relation in pairs],
        "as_of": node["as_of"],
    }


def stub(node: str) -> NodeFacts:
    """
    A node that is only named.

    >>> stub("data-set:pricing/hotel-rates:1.1.0")["name"]
    'pricing/hotel-rates:1.1.0'
    """
    return {
        "id": node,
        "kind": kind_of(node),
        "name": node.partition(":")[2],
        "facts": {},
        "inputs": [],
        "as_of": "",
    }


def is_stub(node: NodeFacts) -> bool:
    """Whether its source has not told anything yet."""
    return not node["as_of"]


def outranks(one: NodeFacts, other: NodeFacts) -> bool:
    """
    Whether ``one`` replaces ``other``: the newer does; of the same time, what says more.

    Both are ``normal``. This order of versions is total: the one that stands in the end is always the same.
    """
    if one["as_of"] != other["as_of"]:
        return one["as_of"] > other["as_of"]
    return _rank(one) > _rank(other)


def _rank(node: NodeFacts) -> tuple[int, str]:
    said = json_text([node["name"], node["facts"], node["inputs"]])
    return len(said), said


def upstream_of(node: NodeFacts, inputs: Mapping[str, Node]) -> dict[str, list[InputEdge]]:
    """
    Every ancestor of a node with its own inputs, by id.

    Args:
        node: Normal.
        inputs: Each of its inputs, as it is; one that is missing counts as a stub.

    Raises:
        LineageCycleError: The node is among them.
    """
    found: dict[str, list[InputEdge]] = {}
    for edge in node["inputs"]:
        source = inputs.get(edge["source"])
        if source is not None and hands_down(edge, node["id"]):
            found |= source["upstream"]
    for edge in node["inputs"]:  # last: nobody knows an input's own inputs better than itself
        source = inputs.get(edge["source"])
        found[edge["source"]] = source["inputs"] if source is not None else []
    if node["id"] in found:
        raise LineageCycleError(node["id"])
    return dict(sorted(found.items()))


def told(node: Node) -> NodeFacts:
    """What its source said of a node."""
    return {
        "id": node["id"],
        "kind": node["kind"],
        "name": node["name"],
        "facts": node["facts"],
        "inputs": node["inputs"],
        "as_of": node["as_of"],
    }


def as_node(facts: NodeFacts, upstream: Mapping[str, list[InputEdge]]) -> Node:
    """A node with all that is above it."""
    return {**facts, "upstream": dict(upstream)}


def entries(node: Node) -> dict[str, Descendant]:
    """What each ancestor's partition says of this node, by the ancestor's id."""
    depth: dict[str, int] = {}
    through: dict[str, set[NodeKind]] = {}
    walked = {node["id"]}
    ahead = deque([(node["id"], 0)])
    while ahead:
        target, steps = ahead.popleft()
        for edge in node["inputs"] if target == node["id"] else node["upstream"][target]:
            source = edge["source"]
            depth[source] = min(steps + 1, depth.get(source, steps + 1))
            through.setdefault(source, set()).add(kind_of(target))
            if source not in walked and hands_down(edge, target):
                walked.add(source)
                ahead.append((source, steps + 1))
    return {
        ancestor: {
            "id": node["id"],
            "kind": node["kind"],
            "name": node["name"],
            "depth": steps,
            "through": sorted(through[ancestor]),
        }
        for ancestor, steps in depth.items()
    }


def handed_down(node: Node | None) -> tuple[Any, Any]:
    """What the nodes below this one are made from; when it changes, they do."""
    return ([], {}) if node is None else (node["inputs"], node["upstream"])


def digests(node: NodeFacts) -> list[str]:
    """The ``sha256:…`` by which a node is found, from its facts ``digest`` and ``digests``."""
    facts = node["facts"]
    several = facts.get("digests")
    said: Iterable[Any] = (facts.get("digest"), *(several.values() if isinstance(several, dict) else ()))
    return sorted({one for one in said if isinstance(one, str) and one.startswith(DIGEST_PREFIX)})


def serving_rank(serving: Serving) -> tuple[str, str]:
    """The higher of two states of an endpoint stands: the newer; of the same time, always the same one."""
    return serving["as_of"], json_text(plain(serving))
