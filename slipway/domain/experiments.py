"""Experiments: training jobs that no release made, as lists show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.lineage import NodeFacts

SHOWN: Final = ("project", "model", "version", "status", "metrics", "started_at")


def reason(facts: Mapping[str, Any]) -> str:
    """
    Why there is such a job.

    Args:
        facts: ``contracts.lineage_facts.TrainingFacts``.
    """
    again = facts.get("reproduces")
    return f"reproduces release {again}" if again else "started outside of a release"


def experiment(node: NodeFacts) -> tuple[str, dict[str, Any]] | None:
    """
    By what an experiment is sorted, and what a list says of it; None for any other node.

    >>> made = {"id": "training-job:try-1", "kind": "training-job", "name": "try-1",
    ...         "inputs": [], "as_of": "1",
    ...         "facts": {"started_at": "2026-11-22T03:00:00.000Z", "status": "Completed"}}
    >>> experiment(made)[0]
    '2026-11-22T03:00:00.000Z#training-job:try-1'
    """
    facts = node["facts"]
    if node["kind"] != "training-job" or not node["as_of"] or facts.get("release_id"):
        return None
    channels = facts.get("channels") or []
    data = {f"{one['data_set']}:{one['version']}" for one in channels} | {one["digest"] for one in channels}
    return f"{facts.get('started_at', '')}#{node['id']}", {
        "id": node["id"],
        "name": node["name"],
        **{key: facts[key] for key in SHOWN if key in facts},
        **({"data_sets": sorted(data)} if data else {}),
        "reason": reason(facts),
    }
