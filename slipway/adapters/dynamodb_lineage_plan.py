"""What one attempt to write lineage nodes puts into which transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from slipway.adapters.dynamodb_lineage_items import check, new_stored, put, surroundings
from slipway.contracts.lineage import descendant_prefix, node_partition
from slipway.domain import lineage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.adapters.dynamodb_expressions import Action
    from slipway.adapters.dynamodb_lineage_items import Stored
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.lineage import Node, NodeFacts

    Actions = dict[tuple[str, str], Action]

MAX_ACTIONS: Final = 100
"""Of a transaction."""
MAX_GROUP_CHARACTERS: Final = 500_000
"""Of a transaction's nodes; DynamoDB allows 4 MB."""


class LostRaceError(Exception):
    """Somebody else wrote what was read."""


@dataclass(slots=True)
class Call:
    """
    Nodes to write, over all attempts.

    Attributes:
        given: What to write, by id.
        named: All that any version of them in this call names as an input, by id.
        below: These nodes lie below one whose writer tells all of them.
        changed: Ids that were written.
        unfinished: Ids whose descendants were not told yet.
        doubtful: Ancestors in whose partitions a lost attempt left something, by node.
    """

    given: dict[str, NodeFacts]
    named: dict[str, set[str]]
    below: bool = False
    changed: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    doubtful: dict[str, set[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    """What goes into one transaction, by key, and what is known once it went through."""

    actions: Actions = field(default_factory=dict)
    outcome: dict[str, Stored] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    size: int = 0


class Plan:
    """
    Gathers what one attempt writes into as few transactions as possible.

    Args:
        table: Where to.
        call: What for.
        known: All nodes of the call and their inputs, as far as they are there.
        lasting: Inputs that can't change any more.

    Attributes:
        certain: Every input that might have changed meanwhile was checked.
    """

    def __init__(
        self, table: DynamoDbTable, call: Call, known: Mapping[str, Stored], lasting: set[str]
    ) -> None:
        self._table = table
        self._call = call
        self._lasting = lasting
        self._lies = dict(known)
        """As it lies in the table."""
        self._known = dict(known)
        """As it will lie there."""
        self._group = _Group()
        self.certain = True

    def add(self, facts: NodeFacts) -> None:
        """One node whose inputs were added before it."""
        name = facts["id"]
        before = self._known.get(name)
        stubs = self._stubs(sources_of(facts) | self._call.named[name])
        actions = {one.key: one for one in (put(stored, None) for stored in stubs.values())}
        inputs = {one: stored.node for one, stored in {**self._known, **stubs}.items()}
        node = lineage.as_node(facts, lineage.upstream_of(facts, inputs))
        after = new_stored(node, unfinished=self._has_to_tell(before, node))
        if after.unfinished:
            self._call.unfinished.add(name)
        doubtful = self._call.doubtful.get(name, set())
        if before is None or before.content != after.content or doubtful:
            around = surroundings(node, before.node if before is not None else None, doubtful)
            own = put(after, self._lies.get(name))
            actions |= {one.key: one for one in (*around, own)}
            self._schedule(name, actions, {**stubs, name: after}, sources_of(facts))
        elif actions:
            self._schedule("", actions, stubs, set())

    def commit(self) -> None:
        """Write what was gathered."""
        group, self._group = self._group, _Group()
        if group.actions:
            self._transact(list(group.actions.values()))
        self._lies |= group.outcome
        self._call.changed |= group.changed
        for name in group.changed:
            self._call.doubtful.pop(name, None)

    def _has_to_tell(self, before: Stored | None, node: Node) -> bool:
        if before is None:  # whoever is below would have left a stub
            return False
        moved = lineage.handed_down(before.node) != lineage.handed_down(node)
        return before.unfinished or (moved and not self._call.below)

    def _stubs(self, sources: set[str]) -> dict[str, Stored]:
        absent = sorted(sources - set(self._known))
        return {one: new_stored(lineage.as_node(lineage.stub(one), {})) for one in absent}

    def _schedule(self, name: str, actions: Actions, outcome: dict[str, Stored], sources: set[str]) -> None:
        """Into this transaction if there is room, or into the next one, or into several of its own."""
        checks = self._checks(sources)
        full = len({*self._group.actions, *actions, *checks}) > MAX_ACTIONS
        if full or self._group.size > MAX_GROUP_CHARACTERS:
            self.commit()
            checks = self._checks(sources)
        if len({*actions, *checks}) > MAX_ACTIONS:
            self._write_in_parts(name, actions, checks)
        else:
            self._group.actions = {**checks, **self._group.actions, **actions}
        self._group.size += sum(len(str(one.item.get("facts"))) for one in actions.values())
        self._group.size += sum(len(str(one.item.get("graph"))) for one in actions.values())
        self._group.outcome |= outcome
        self._group.changed |= {name} - {""}
        self._known |= outcome

    def _checks(self, sources: set[str]) -> Actions:
        """That inputs are as they were read; not of what this transaction writes itself."""
        checked = sources & set(self._lies) - self._lasting - set(self._group.outcome)
        return {one.key: one for one in (check(source, self._lies[source]) for source in sorted(checked))}

    def _write_in_parts(self, name: str, actions: Actions, checks: Actions) -> None:
        """
        What does not fit into one transaction: stubs and what ancestors know of the node, then the node.

        An entry of a node that is not there yet does no harm. If the attempt is lost, the next one does not
        rely on what lies in those ancestors' partitions.
        """
        late = [one for key, one in actions.items() if key[0] == node_partition(name) or not _of_node(key)]
        early = [one for one in actions.values() if one not in late]
        guard = [check(name, self._lies.get(name))] if name else []
        for start in range(0, len(early), MAX_ACTIONS - 1):
            part = early[start : start + MAX_ACTIONS - 1]
            if name:
                ancestors = {
                    one.key[0].removeprefix(node_partition("")) for one in part if _is_entry(one.key)
                }
                self._call.doubtful.setdefault(name, set()).update(ancestors)
            self._transact([*guard, *part])
        room = MAX_ACTIONS - len(late)
        self.certain = self.certain and len(checks) <= room
        if late:
            self._transact([*late, *list(checks.values())[:room]])

    def _transact(self, actions: Sequence[Action]) -> None:
        if not self._table.transact(actions):
            raise LostRaceError


def sources_of(*nodes: NodeFacts) -> set[str]:
    """Ids of all inputs of these nodes."""
    return {edge["source"] for node in nodes for edge in node["inputs"]}


def _of_node(key: tuple[str, str]) -> bool:
    return key[0].startswith(node_partition(""))


def _is_entry(key: tuple[str, str]) -> bool:
    return key[1].startswith(descendant_prefix())
