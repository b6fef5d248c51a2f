"""Lineage nodes as items: what one node writes, and where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.adapters.dynamodb_expressions import Action
from slipway.contracts.lineage import (
    EXPERIMENTS,
    descendant_key,
    digest_key,
    kind_of,
    node_key,
    node_partition,
)
from slipway.domain.experiments import experiment
from slipway.domain.lineage import digests, entries
from slipway.domain.lineage_text import content_digest, edges_from_text, facts_text, graph_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from slipway.contracts.lineage import Descendant, Node


@dataclass(frozen=True, slots=True)
class Stored:
    """
    A node as it was read.

    Attributes:
        node: The node.
        content: The digest of its content: a write expects to find it.
        unfinished: Whoever changed it last has not told everything below it.
    """

    node: Node
    content: str
    unfinished: bool = False


def stored_item(stored: Stored) -> dict[str, Any]:
    """
    The item of a node.

    Facts and edges are one text each: DynamoDB's attribute values of the same are twice as large, and
    take most of the time of reading and writing them.
    """
    node = stored.node
    listed = experiment(node)
    return {
        **node_key(node["id"]),
        "name": node["name"],
        "as_of": node["as_of"],
        "facts": facts_text(node),
        "graph": graph_text(node),
        "content": stored.content,
        **({"unfinished": True} if stored.unfinished else {}),
        **({"month_pk": EXPERIMENTS, "month_sk": listed[0], **listed[1]} if listed is not None else {}),
    }


def stored_from(item: Mapping[str, Any]) -> Stored:
    """The inverse."""
    name = item["pk"].removeprefix(node_partition(""))
    edges = edges_from_text(item["graph"])
    node: Node = {
        "id": name,
        "kind": kind_of(name),
        "name": item["name"],
        "facts": json.loads(item["facts"]),
        "inputs": edges.pop(name),
        "as_of": item["as_of"],
        "upstream": edges,
    }
    return Stored(node, item["content"], bool(item.get("unfinished")))


def descendant_from(item: Mapping[str, Mapping[str, Any]]) -> Descendant:
    """What an ancestor's partition says, from DynamoDB's own form: there may be very many."""
    name = item["sk"]["S"].split("#", 2)[2]
    return {
        "id": name,
        "kind": kind_of(name),
        "name": item["name"]["S"],
        "depth": int(item["depth"]["N"]),
        "through": item["through"]["S"].split(" "),
    }


def unchanged(stored: Stored | None) -> dict[str, Any]:
    """Condition and values of an action on a node: it is as it was read."""
    if stored is None:
        return {"condition": "attribute_not_exists(#pk)", "values": {}}
    return {"condition": "#content = :content", "values": {":content": stored.content}}


def check(name: str, stored: Stored | None) -> Action:
    """That a node is as it was read."""
    return Action("ConditionCheck", node_key(name), **unchanged(stored))


def put(stored: Stored, before: Stored | None) -> Action:
    """Write a node if it is as it was read, and nobody said since that all below it were told."""
    expected = unchanged(before)
    if before is not None and before.unfinished:
        expected["condition"] += " AND attribute_exists(#unfinished)"
    return Action("Put", stored_item(stored), **expected)


def surroundings(node: Node, before: Node | None, doubtful: Collection[str] = ()) -> list[Action]:
    """
    What changes around a node: in its ancestors' partitions, and under its digests.

    Args:
        node: As it will be.
        before: As it is.
        doubtful: Ancestors in whose partitions anything may stand.
    """
    name = node["id"]
    told, tell = entries(before) if before is not None else {}, entries(node)
    found, find = set(digests(before) if before is not None else ()), set(digests(node))
    return [
        *(
            Action("Put", _entry_item(ancestor, entry))
            for ancestor, entry in tell.items()
            if ancestor in doubtful or told.get(ancestor) != entry
        ),
        *(
            Action("Delete", descendant_key(ancestor, name))
            for ancestor in sorted({*told, *doubtful} - set(tell))
        ),
        *(Action("Put", digest_key(digest, name)) for digest in sorted(find - found)),
        *(Action("Delete", digest_key(digest, name)) for digest in sorted(found - find)),
    ]


def new_stored(node: Node, *, unfinished: bool = False) -> Stored:
    """A node that is about to be written."""
    return Stored(node, content_digest(node), unfinished)


def _entry_item(ancestor: str, entry: Descendant) -> dict[str, Any]:
    return {
        **descendant_key(ancestor, entry["id"]),
        "name": entry["name"],
        "depth": entry["depth"],
        "through": " ".join(entry["through"]),
    }
