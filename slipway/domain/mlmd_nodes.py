"""
From an ML Metadata store to nodes of our graph; nothing is lost.

Each artifact, execution and context is one node, whose fact ``mlmd`` holds all that the store says of it and
the events that lead to it. What our own facts have a word for stands beside it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import node_id
from slipway.domain.mlmd import INPUTS, OUTPUTS, SIDES, items, kind_for, types
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.lineage import InputEdge, NodeFacts, NodeKind, Relation
    from slipway.domain.mlmd import MlmdDocument, Side

MAX_NAME: Final = 300
"""Of what a node's id says; DynamoDB allows a sort key 1,024 bytes."""
STATUSES: Final = {
    "NEW": "InProgress",
    "RUNNING": "InProgress",
    "COMPLETE": "Completed",
    "CACHED": "Completed",
    "FAILED": "Failed",
    "CANCELED": "Stopped",
}
_SCALARS: Final = ("string_value", "int_value", "double_value", "bool_value")

Key = tuple["Side", int]


@dataclass(frozen=True, slots=True)
class Imported:
    """
    What an import writes.

    Attributes:
        nodes: Sources before what came of them.
        only_in_facts: How much of the store has no place of its own among nodes, edges and our facts: what,
            and how often.
    """

    nodes: list[NodeFacts]
    only_in_facts: dict[str, int]


@dataclass(slots=True)
class _Item:
    """One artifact, execution or context on its way."""

    side: Side
    item: dict[str, Any]
    type: dict[str, Any]
    kind: NodeKind
    id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    inputs: list[tuple[Key, Relation]] = field(default_factory=list)


def nodes_of(document: MlmdDocument, project: str) -> Imported:
    """
    The nodes of a store; the same store gives the same nodes, wherever its file lies.

    Args:
        document: The whole store.
        project: Stands in every node's id, so that nothing of ours is named the same.
    """
    counted: Counter[str] = Counter()
    held = _items(document, project, counted)
    _connect(document, held, counted)
    order = _uncircled(held, counted)
    nodes = [_node(held[key], held, project, counted) for key in order]
    leftover = _unused_types(document, held)
    if any(leftover.values()):
        counted["types that nothing is of"] = sum(map(len, leftover.values()))
        nodes.append(_types_node(leftover, project))
    return Imported(nodes, {what: number for what, number in sorted(counted.items()) if number})


def _items(document: MlmdDocument, project: str, counted: Counter[str]) -> dict[Key, _Item]:
    found: dict[Key, _Item] = {}
    taken: set[str] = set()
    for side in SIDES:
        kinds = {kind["id"]: kind for kind in types(document, side)}
        for item in items(document, side):
            kind = kinds[item["type_id"]]
            ours, known = kind_for(side, kind)
            if not known:
                counted[f"{side}s of types that are kept as the closest kind, {ours}"] += 1
            name = node_id(ours, _name(project, kind["name"], item))
            while name in taken:  # a name that looks like another one's URI and number
                name = f"{name}#{item['id']}"
            taken.add(name)
            found[side, item["id"]] = _Item(side, item, kind, ours, name)
    return found


def _name(project: str, type_name: str, item: Mapping[str, Any]) -> str:
    """Unique in the store: a name is so within its type; what has none bears its number."""
    said = item.get("name") or f"{item.get('uri', '')}#{item['id']}"
    name = f"{project}/{type_name}/{said}"
    if len(name.encode()) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME // 4]}…{hashlib.sha256(name.encode()).hexdigest()}"


def _connect(document: MlmdDocument, held: Mapping[Key, _Item], counted: Counter[str]) -> None:
    for event in document["events"]:
        artifact: Key = ("artifact", event["artifact_id"])
        execution: Key = ("execution", event["execution_id"])
        if artifact not in held or execution not in held:
            counted["events of what is not in the store"] += 1
        elif event["type"] in OUTPUTS:
            held[artifact].events.append(event)
            held[artifact].inputs.append((execution, "Produced"))
        else:
            held[execution].events.append(event)
            if event["type"] in INPUTS:
                held[execution].inputs.append((artifact, "ContributedTo"))
            else:
                counted["events that are neither of an input nor of an output"] += 1
    in_contexts: tuple[tuple[list[dict[str, Any]], str, Side, str], ...] = (
        (document["attributions"], "context_id", "artifact", "artifact_id"),
        (document["associations"], "context_id", "execution", "execution_id"),
        (document["parent_contexts"], "parent_id", "context", "child_id"),
    )
    for edges, context, side, member in in_contexts:
        for one in edges:
            source: Key = ("context", one[context])
            target: Key = (side, one[member])
            if source in held and target in held:
                held[target].inputs.append((source, "AssociatedWith"))


def _uncircled(held: Mapping[Key, _Item], counted: Counter[str]) -> list[Key]:
    """
    Sources before what came of them; an edge that would close a circle is taken away.

    A store may say that an execution wrote what it read. Its events stay in the facts.
    """
    order: list[Key] = []
    state: dict[Key, bool] = {}  # False: its sources are being visited; True: done
    for start in held:
        stack = [] if start in state else [(start, iter(list(held[start].inputs)))]
        state.setdefault(start, False)
        while stack:
            key, sources = stack[-1]
            ahead = next(sources, None)
            if ahead is None:
                state[key] = True
                order.append(key)
                stack.pop()
            elif ahead[0] not in state:
                state[ahead[0]] = False
                stack.append((ahead[0], iter(list(held[ahead[0]].inputs))))
            elif not state[ahead[0]]:
                held[key].inputs.remove(ahead)
                counted["edges that would have closed a circle"] += 1
    return order


def _node(one: _Item, held: Mapping[Key, _Item], project: str, counted: Counter[str]) -> NodeFacts:
    edges: dict[tuple[str, str], InputEdge] = {
        (held[source].id, relation): {"relation": relation, "source": held[source].id}
        for source, relation in one.inputs
    }
    facts, told = _facts(one, project)
    properties = {**one.item.get("properties", {}), **one.item.get("custom_properties", {})}
    counted["properties"] += len(properties.keys() - told)
    return {
        "id": one.id,
        "kind": one.kind,
        "name": _title(one),
        "facts": facts
        | {"mlmd": {"side": one.side, "item": one.item, "type": one.type, "events": _sorted(one.events)}},
        "inputs": [edges[key] for key in sorted(edges)],
        "as_of": _time(_changed(one)),
    }


def _title(one: _Item) -> str:
    said = one.item.get("name") or str(one.item.get("uri", "")).rstrip("/").rpartition("/")[2]
    return f"{one.type['name']} {said or one.item['id']}"


def _facts(one: _Item, project: str) -> tuple[dict[str, Any], set[str]]:
    """What our own facts have a word for, and which properties were told by that."""
    item = one.item
    created = _time(item["create_time_since_epoch"])
    if one.side == "artifact":
        said = {**item.get("properties", {}), **item.get("custom_properties", {})}.get("rows", {})
        counts = {"rows": said["int_value"]} if one.kind == "data-set" and "int_value" in said else {}
        return {"project": project, "uri": item.get("uri", ""), "created_at": created, **counts}, set(counts)
    if one.side == "context":
        return {"project": project, "planned_at": created}, set()
    facts = {
        "project": project,
        "job_name": item.get("name") or f"{one.type['name']} {item['id']}",
        "status": STATUSES.get(item.get("last_known_state", ""), ""),
        "started_at": created,
        "ended_at": _time(item["last_update_time_since_epoch"]),
    }
    said = {
        name: str(value[key])
        for name, value in item.get("properties", {}).items()
        for key in _SCALARS
        if key in value
    }
    if one.kind != "training-job" or not said:
        return facts, set()
    return {**facts, "hyperparameters": said}, set(said)


def _changed(one: _Item) -> int:
    """When the store last heard of it: its own time, or that of an event that came later."""
    times = (int(event.get("milliseconds_since_epoch", 0)) for event in one.events)
    return max(int(one.item["last_update_time_since_epoch"]), *times, 0)


def _sorted(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda one: (one["execution_id"], one["artifact_id"], one["type"]))


def _time(milliseconds: int) -> str:
    return timestamp(datetime.fromtimestamp(int(milliseconds) / 1000, UTC))


def _unused_types(document: MlmdDocument, held: Mapping[Key, _Item]) -> dict[str, list[dict[str, Any]]]:
    """Types that nothing is of; those that every store has (``mlmd.Model``) say nothing."""
    used = {(side, one.item["type_id"]) for (side, _), one in held.items()}
    return {
        side: [
            kind
            for kind in types(document, side)
            if (side, kind["id"]) not in used and not str(kind["name"]).startswith("mlmd.")
        ]
        for side in SIDES
    }


def _types_node(leftover: Mapping[str, list[dict[str, Any]]], project: str) -> NodeFacts:
    return {
        "id": node_id("report", f"{project}/unused types"),
        "kind": "report",
        "name": "types that nothing is of",
        "facts": {"project": project, "mlmd": {"types": dict(leftover)}},
        "inputs": [],
        "as_of": _time(0),
    }
