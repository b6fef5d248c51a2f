"""What is written on a node of a lineage graph, and what is said of it when one hovers over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.amounts import day_and_time, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.lineage import NodeFacts, NodeKind

WORDS: Final[Mapping[NodeKind, str]] = {
    "data-set": "data set",
    "image": "image",
    "release": "release",
    "training-job": "training job",
    "evaluation-job": "evaluation job",
    "model-artifact": "artifact",
    "report": "report",
    "model-package": "version",
    "approval": "approval",
    "promotion": "promotion",
    "endpoint": "endpoint",
}


def caption_of(node: NodeFacts) -> str:
    """
    A node's label: its name, as far as it tells it from its neighbours.

    >>> caption_of({"kind": "image", "name": "models/pricing/rates@sha256:9f2c41d07b3a", "facts": {}})
    'sha256:9f2c41d0'
    """
    facts, name = node["facts"], node["name"]
    said = {
        "image": name.rpartition("@")[2][:15],
        "approval": facts.get("decided_by"),
        "training-job": facts.get("instance_type"),
        "evaluation-job": f"of {facts['version']}" if facts.get("version") else "",
        "model-artifact": name.rstrip("/").rpartition("/")[2],
        "report": _verdict(facts),
        "promotion": _joined(facts, "cause", "version"),
        "data-set": name.rpartition("/")[2],
    }
    return str(said.get(node["kind"]) or name)


def _verdict(facts: Mapping[str, Any]) -> str:
    return {True: "accepted", False: "not accepted"}.get(facts.get("accepted"), "")  # type: ignore[arg-type]


def _joined(facts: Mapping[str, Any], *names: str) -> str:
    return " ".join(str(facts[name]) for name in names if facts.get(name))


def hover(node: NodeFacts) -> str:
    """All that is worth saying of a node, a line each."""
    facts = node["facts"]
    lines = [f"{WORDS[node['kind']]}: {node['name']}", node["id"]]
    lines += [
        f"{term}: {_text(facts[key])}"
        for key, term in _HOVERED.items()
        if facts.get(key) not in (None, "", [])
    ]
    if not facts:
        lines.append("the ledger knows its name only")
    return "\n".join(lines)


_HOVERED: Final = {
    "status": "status",
    "version": "version",
    "rows": "rows",
    "digest": "digest",
    "cause": "cause",
    "planned_at": "planned",
    "instance_type": "instance",
    "started_at": "started",
    "seconds": "took",
    "cost_usd": "cost in USD",
    "summary": "verdict",
    "approver": "approver",
    "decided_by": "decided by",
    "decided_at": "decided",
    "decision_reason": "reason",
    "actor": "asked for by",
    "failure": "failure",
    "notes": "notes",
}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("cause") or value)
    if isinstance(value, float):
        return duration(value) if value >= 1 else f"{value:g}"
    return (
        day_and_time(value)
        if isinstance(value, str)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )
