"""
From nodes of our graph to ML Metadata's shape.

What came from a store goes back as it was. Ours become types named ``slipway.<Kind>``: artifacts and jobs
are artifacts and executions, releases and endpoints are contexts that hold what belongs to them. Where an
artifact came of artifacts, an execution of the type ``slipway.Derivation`` stands between: MLMD knows no edge
there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import ROLES
from slipway.domain.mlmd import SIDES, Side, empty, items, types
from slipway.domain.mlmd_values import declared, value_of
from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slipway.contracts.lineage import NodeFacts, NodeKind
    from slipway.domain.mlmd import MlmdDocument

DERIVATION: Final = "slipway.Derivation"
NODE: Final = "slipway_node"
"""Custom property: the id of the node that an item is."""
INPUTS: Final = "slipway_inputs"
"""Custom property: edges that MLMD has no place for."""
_BASES: Final[dict[NodeKind, str]] = {
    "data-set": "DATASET",
    "model-artifact": "MODEL",
    "report": "METRICS",
    "training-job": "TRAIN",
    "evaluation-job": "EVALUATE",
    "promotion": "DEPLOY",
}
_STATES: Final = {
    "completed": "COMPLETE",
    "succeeded": "COMPLETE",
    "deployed": "COMPLETE",
    "approved": "COMPLETE",
    "rejected": "COMPLETE",
    "failed": "FAILED",
    "stopped": "CANCELED",
    "expired": "CANCELED",
    "inprogress": "RUNNING",
    "running": "RUNNING",
    "pending": "RUNNING",
}
_CREATED: Final = ("created_at", "started_at", "planned_at", "requested_at", "registered_at")


@dataclass(slots=True)
class _Export:
    """The document on its way."""

    document: MlmdDocument = field(default_factory=empty)
    placed: dict[str, tuple[Side, dict[str, Any]]] = field(default_factory=dict)
    """By node id: on which side it stands, and the item there."""
    types: dict[tuple[str, str], int] = field(default_factory=dict)
    """Numbers of types, by side and what identifies a type."""
    taken: dict[str, set[int]] = field(default_factory=dict)
    """Numbers by side; types share theirs."""
    next: dict[str, int] = field(default_factory=dict)
    """Where to look for the next free one."""

    def number(self, among: str, wanted: int = 0) -> int:
        """The wanted number where it is free, else the next one."""
        taken = self.taken.setdefault(among, {0})
        number = wanted if wanted not in taken else self.next.get(among, 1)
        while number in taken:
            number += 1
        if wanted in taken:
            self.next[among] = number + 1
        taken.add(number)
        return number

    def place(self, node: str) -> tuple[Side, int]:
        side, item = self.placed[node]
        return side, item["id"]

    def add(self, side: Side, node: str, item: dict[str, Any]) -> None:
        items(self.document, side).append(item)
        self.placed[node] = side, item


def side_of(kind: NodeKind) -> Side:
    """
    What a kind is in MLMD's words.

    >>> side_of("release"), side_of("training-job"), side_of("data-set")
    ('context', 'execution', 'artifact')
    """
    if kind in ("release", "endpoint"):
        return "context"
    return "artifact" if ROLES[kind] == "artifact" else "execution"


def document_of(nodes: Iterable[NodeFacts]) -> MlmdDocument:
    """
    The whole export; an edge to what is not among the nodes is left out.

    Args:
        nodes: Each once; those that were imported keep their numbers where these are free.
    """
    export = _Export()
    ordered = sorted(nodes, key=lambda node: node["id"])
    foreign = [node for node in ordered if isinstance(node["facts"].get("mlmd"), dict)]
    own = [node for node in ordered if not isinstance(node["facts"].get("mlmd"), dict)]
    foreign.sort(key=lambda node: node["facts"]["mlmd"].get("item", {}).get("id", 0))
    _bring_back(export, foreign)
    for kind in sorted({node["kind"] for node in own}):
        _add_kind(export, [node for node in own if node["kind"] == kind], kind)
    for node in own:
        _connect(export, node)
    _order(export.document)
    return export.document


def _bring_back(export: _Export, nodes: Sequence[NodeFacts]) -> None:
    moved: dict[tuple[str, Side, int], int] = {}
    for node in nodes:
        held = node["facts"]["mlmd"]
        if "types" in held:
            for one in SIDES:
                for kind in held["types"].get(one, ()):
                    _type(export, one, kind)
            continue
        side: Side = held["side"]
        was = held["item"]["id"]
        number = export.number(side, was)  # another store may have had the same
        moved[_store(node), side, was] = number
        item = {**held["item"], "id": number, "type_id": _type(export, side, held["type"])}
        export.add(side, node["id"], item)
    for node in nodes:
        if node["id"] in export.placed:
            _bring_back_edges(export, node, moved)


def _bring_back_edges(export: _Export, node: NodeFacts, moved: Mapping[tuple[str, Side, int], int]) -> None:
    store = _store(node)
    for event in node["facts"]["mlmd"]["events"]:
        artifact = moved.get((store, "artifact", event["artifact_id"]))
        execution = moved.get((store, "execution", event["execution_id"]))
        if artifact is not None and execution is not None:
            export.document["events"].append({**event, "artifact_id": artifact, "execution_id": execution})
    for edge in node["inputs"]:
        if edge["relation"] == "AssociatedWith" and edge["source"] in export.placed:
            _associate(export, export.place(edge["source"])[1], export.place(node["id"]))


def _store(node: NodeFacts) -> str:
    """The project that it was imported into: numbers are unique there."""
    return str(node["facts"].get("project", ""))


def _type(export: _Export, side: Side, kind: Mapping[str, Any]) -> int:
    identity = side, f"{kind['name']}\n{kind.get('version', '')}"
    if identity not in export.types:
        export.types[identity] = export.number("type", kind.get("id", 0))
        types(export.document, side).append({**kind, "id": export.types[identity]})
    return export.types[identity]


def _add_kind(export: _Export, nodes: Sequence[NodeFacts], kind: NodeKind) -> None:
    side = side_of(kind)
    fields = declared([node["facts"] for node in nodes])
    name = "slipway." + "".join(word.capitalize() for word in kind.split("-"))
    base = {"base_type": _BASES[kind]} if kind in _BASES else {}
    number = _type(export, side, {"name": name, "properties": fields, **base})
    for node in nodes:
        facts = node["facts"]
        item = {
            "id": export.number(side),
            "name": node["id"],
            "type_id": number,
            "type": name,
            **({"uri": str(facts["uri"])} if side == "artifact" and facts.get("uri") else {}),
            "properties": {key: value_of(facts[key], fields[key]) for key in sorted(facts)},
            "custom_properties": {NODE: {"string_value": node["id"]}},
            **_times(node),
        }
        state = _STATES.get(str(facts.get("status", "")).replace("-", "").lower())
        if side == "execution" and state:
            item["last_known_state"] = state
        if side == "artifact":
            item["state"] = "LIVE"
        export.add(side, node["id"], item)


def _times(node: NodeFacts) -> dict[str, int]:
    created = next((node["facts"][key] for key in _CREATED if node["facts"].get(key)), "")
    told = {"create_time_since_epoch": created, "last_update_time_since_epoch": node["as_of"]}
    return {key: _milliseconds(text) for key, text in told.items() if _milliseconds(text)}


def _milliseconds(text: str) -> int:
    try:
        return int(moment_of(text).timestamp() * 1000)
    except ValueError:
        return 0


def _connect(export: _Export, node: NodeFacts) -> None:
    side, number = export.place(node["id"])
    homeless: list[dict[str, Any]] = []
    derived: list[int] = []
    for edge in node["inputs"]:
        if edge["source"] not in export.placed:
            continue
        place = export.place(edge["source"])
        match place[0], side:
            case "artifact", "execution":
                _event(export, place[1], number, "INPUT")
            case "execution", "artifact":
                _event(export, number, place[1], "OUTPUT")
            case "artifact", "artifact":
                derived.append(place[1])
            case "context", _ if side != "context":
                _associate(export, place[1], (side, number))
            case _, "context":
                _associate(export, number, place)
                homeless.append({**edge})  # it says no more than that both belong together
            case _:
                homeless.append({**edge})
    if homeless:
        export.placed[node["id"]][1]["custom_properties"][INPUTS] = {"struct_value": {"edges": homeless}}
    if derived:
        _derive(export, node, number, derived)


def _derive(export: _Export, node: NodeFacts, number: int, sources: Sequence[int]) -> None:
    execution: dict[str, Any] = {
        "id": export.number("execution"),
        "name": f"derivation of {node['id']}",
        "type_id": _type(export, "execution", {"name": DERIVATION}),
        "type": DERIVATION,
        "last_known_state": "COMPLETE",
        "custom_properties": {NODE: {"string_value": node["id"]}},
        **_times(node),
    }
    export.document["executions"].append(execution)
    for source in sources:
        _event(export, source, execution["id"], "INPUT")
    _event(export, number, execution["id"], "OUTPUT")


def _event(export: _Export, artifact: int, execution: int, kind: str) -> None:
    export.document["events"].append({"artifact_id": artifact, "execution_id": execution, "type": kind})


def _associate(export: _Export, context: int, member: tuple[Side, int]) -> None:
    document = export.document
    match member:
        case "artifact", number:
            document["attributions"].append({"context_id": context, "artifact_id": number})
        case "execution", number:
            document["associations"].append({"context_id": context, "execution_id": number})
        case _, number:
            document["parent_contexts"].append({"child_id": number, "parent_id": context})


def _order(document: MlmdDocument) -> None:
    """The same nodes give the same text."""
    for edges in (
        document["events"],
        document["attributions"],
        document["associations"],
        document["parent_contexts"],
    ):
        edges.sort(key=lambda one: sorted((key, str(value).rjust(20)) for key, value in one.items()))
