"""What the lineage graph refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts.lineage import MAX_NODE_BYTES
from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Sequence


class LineageError(SlipwayError):
    """A node that the graph can't hold."""


class MalformedNodeError(LineageError):
    """A node or an edge that breaks its contract."""

    def __init__(self, node: str, problem: str) -> None:
        super().__init__(f"lineage node {node!r}: {problem}; correct what derives it")
        self.node, self.problem = node, problem


class LineageCycleError(LineageError):
    """A node would be its own ancestor."""

    def __init__(self, node: str) -> None:
        super().__init__(
            f"lineage node {node!r} would be above itself; look at its inputs, and at theirs, with "
            f"`slipway lineage up {node}`: one of them names what came of it"
        )
        self.node = node


class NodeTooLargeError(LineageError):
    """A node with all that is above it does not fit into an item."""

    def __init__(self, node: str, size: int) -> None:
        super().__init__(
            f"lineage node {node!r} has {size:,} bytes of at most {MAX_NODE_BYTES:,}; keep fewer facts "
            "(metric curves, library versions), or break a long chain of derived data sets"
        )
        self.node, self.size = node, size


class LineageBusyError(SlipwayError):
    """Others wrote the same nodes all the time."""

    def __init__(self, nodes: Sequence[str], attempts: int) -> None:
        super().__init__(
            f"{', '.join(nodes[:3])} and {max(len(nodes) - 3, 0)} more lineage nodes were not written in "
            f"{attempts} attempts, as others wrote them or their inputs meanwhile; send the event again"
        )
        self.nodes, self.attempts = tuple(nodes), attempts
