"""Gather the part of the graph that an export tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.lineage import Node
    from slipway.usecases.ports import Lineage

BATCH: Final = 100


def export_lineage(lineage: Lineage, starts: Sequence[str]) -> list[Node]:
    """
    Nodes with all that is above and below them, by id; what the ledger only heard of is there as a stub.

    What is below an image or a data set may be of other models: it is told as well, with its inputs.
    """
    wanted = dict.fromkeys(starts)
    for node in lineage.nodes(starts).values():
        wanted.update(dict.fromkeys(node["upstream"]))
        for below in lineage.descendants(node["id"]):
            wanted[below["id"]] = None
    found: dict[str, Node] = {}
    while wanted:
        ahead: dict[str, None] = {}
        names = list(wanted)
        for start in range(0, len(names), BATCH):
            for name, node in lineage.nodes(names[start : start + BATCH]).items():
                found[name] = node
                ahead |= dict.fromkeys(edge["source"] for edge in node["inputs"])
        wanted = dict.fromkeys(name for name in ahead if name not in found and name not in wanted)
    return [found[name] for name in sorted(found)]
