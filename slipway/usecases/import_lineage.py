"""Take the nodes of another lineage store into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slipway.contracts.lineage import NodeFacts
    from slipway.usecases.ports import Lineage

BATCH: Final = 50


class ForeignNodeError(SlipwayError):
    """Another store was imported into the same project, and its nodes have the same names."""

    def __init__(self, node: str) -> None:
        super().__init__(
            f"lineage node {node!r} is there already and came from another store; import this one into a "
            "project of its own with --project"
        )
        self.node = node


def import_lineage(
    nodes: Sequence[NodeFacts], *, lineage: Lineage, progress: Callable[[int], None] = lambda _: None
) -> int:
    """
    Write nodes of one store; the number that changed, 0 when it was imported before.

    Args:
        nodes: Sources before what came of them.
        lineage: Where to.
        progress: Is told how many are written.

    Raises:
        ForeignNodeError: Nothing was written: a node is of another store.
    """
    for start in range(0, len(nodes), BATCH):
        batch = nodes[start : start + BATCH]
        there = lineage.nodes([node["id"] for node in batch])
        for node in batch:
            held = there.get(node["id"])
            if held is not None and held["as_of"] and _origin(held) != _origin(node):
                raise ForeignNodeError(node["id"])
    changed = 0
    for start in range(0, len(nodes), BATCH):
        batch = nodes[start : start + BATCH]
        changed += lineage.put_nodes(batch)
        progress(start + len(batch))
    return changed


def _origin(node: NodeFacts) -> tuple[object, ...]:
    """What never changes of an item in its store."""
    held = node["facts"].get("mlmd")
    if not isinstance(held, dict):
        return ("not imported",)
    item = held.get("item", {})
    return ("imported", item.get("id"), item.get("create_time_since_epoch"))
