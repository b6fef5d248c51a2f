"""
Writing lineage nodes: read, work out, write what changed if nothing changed meanwhile, or begin again.

A node's transaction expects the node as it was read, and its inputs, as long as these may still change. So of
two writers of neighbours one sees the other: either the lower one's check fails, or the upper one, who looks
for what is below it after its own transaction, finds the lower one there.
"""

from __future__ import annotations

import random
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from slipway.adapters.dynamodb_lineage_items import descendant_from, stored_from, unchanged
from slipway.adapters.dynamodb_lineage_plan import Call, LostRaceError, Plan, sources_of
from slipway.contracts.lineage import descendant_prefix, kind_of, node_key, node_partition
from slipway.domain import lineage
from slipway.domain.lineage_errors import LineageBusyError, LineageCycleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from slipway.adapters.dynamodb_lineage_items import Stored
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.lineage import NodeFacts, NodeKind

ATTEMPTS: Final = 16
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 1.0
TOLD_AT_ONCE: Final = 20
"""Nodes below a changed one that are read and written together."""
LASTING: Final[frozenset[NodeKind]] = frozenset({"data-set", "image"})
"""Their versions never change: once they are known, so are their inputs."""


class LineageWriter:
    """
    Writes nodes with their edges, and tells what is below them.

    Args:
        table: Where to.
        pause: Waits before a lost race is run again.
    """

    def __init__(self, table: DynamoDbTable, pause: Callable[[float], None]) -> None:
        self._table = table
        self._pause = pause

    def put(self, nodes: Sequence[NodeFacts]) -> int:
        """The number of nodes that changed."""
        given: dict[str, NodeFacts] = {}
        named: dict[str, set[str]] = {}
        for one in map(lineage.normal, nodes):
            named.setdefault(one["id"], set()).update(sources_of(one))
            if one["id"] not in given or lineage.outranks(one, given[one["id"]]):
                given[one["id"]] = one
        call = Call(given, named)
        self._write(call)
        for name in sorted(call.unfinished):
            self._tell_below(name)
        return len(call.changed)

    def _write(self, call: Call) -> None:
        for attempt in range(ATTEMPTS):
            try:
                if self._attempt(call):
                    return
            except LostRaceError:
                longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
                self._pause(random.uniform(0, longest))  # noqa: S311 - jitter
        raise LineageBusyError(sorted(call.given), ATTEMPTS)

    def _attempt(self, call: Call) -> bool:
        """Write all that is given; False: look once more whether it stayed so."""
        known = self._read({*call.given, *(one for named in call.named.values() for one in named)})
        standing = {name: _standing(facts, known.get(name)) for name, facts in call.given.items()}
        asked = {*call.given, *(one for named in call.named.values() for one in named)}
        if more := sources_of(*standing.values()) - asked:
            known |= self._read(more)
        plan = Plan(self._table, call, known, self._lasting(standing, known))
        for name in _in_order({name: sources_of(facts) for name, facts in standing.items()}):
            plan.add(standing[name])
        plan.commit()
        return plan.certain

    def _read(self, names: Iterable[str]) -> dict[str, Stored]:
        found = map(stored_from, self._table.batch_get([node_key(name) for name in sorted(names)]))
        return {stored.node["id"]: stored for stored in found}

    def _lasting(self, standing: Mapping[str, NodeFacts], known: Mapping[str, Stored]) -> set[str]:
        """Inputs above which nothing can change any more: not every writer has to check a hot data set."""
        told = {name for name, stored in known.items() if not lineage.is_stub(stored.node)}
        able = {
            name
            for name in sources_of(*standing.values()) & told
            if {kind_of(one) for one in (name, *known[name].node["upstream"])} <= LASTING
        }
        # one without inputs may be a stub; every other one was told of by its source
        roots = {
            name: {one for one, inputs in known[name].node["upstream"].items() if not inputs} for name in able
        }
        unread = {root for wanted in roots.values() for root in wanted} - set(known)
        read = self._read(unread) if unread else {}
        told |= {name for name, stored in read.items() if not lineage.is_stub(stored.node)}
        return {name for name in able if roots[name] <= told}

    def _tell_below(self, name: str) -> None:
        """What is above a node changed: let everything below it know."""
        for _ in range(ATTEMPTS):
            before = self._read([name])[name]
            self._tell_all_below(name)
            # it may have changed again meanwhile, as something above it did
            if self._table.update(node_key(name), "REMOVE #unfinished", **unchanged(before)):
                return
        raise LineageBusyError([name], ATTEMPTS)

    def _tell_all_below(self, name: str) -> None:
        told: set[str] = set()
        while waiting := self._below(name) - told:
            nodes = {one: stored.node for one, stored in self._read(waiting).items()}
            order = _in_order({one: sources_of(node) for one, node in nodes.items()})
            for start in range(0, len(order), TOLD_AT_ONCE):
                part = {one: lineage.told(nodes[one]) for one in order[start : start + TOLD_AT_ONCE]}
                self._write(Call(part, {one: sources_of(node) for one, node in part.items()}, below=True))
            told |= waiting  # who came below one of them before it was told, is found now

    def _below(self, name: str) -> set[str]:
        wanted = ("sk", "name", "depth", "through")
        rows = self._table.rows(node_partition(name), descendant_prefix(), attributes=wanted)
        return {descendant_from(row)["id"] for row in rows}


def _standing(facts: NodeFacts, stored: Stored | None) -> NodeFacts:
    """Of what is given and what is stored, the one that stands."""
    if stored is None or lineage.outranks(facts, stored.node):
        return facts
    return lineage.told(stored.node)


def _in_order(inputs: Mapping[str, set[str]]) -> list[str]:
    """These nodes, each behind its inputs."""
    try:
        return [name for name in TopologicalSorter(inputs).static_order() if name in inputs]
    except CycleError as error:
        raise LineageCycleError(error.args[1][0]) from None
