"""A lineage store in memory, worked out anew at each read; tests/adapters/test_lineage.py runs over both."""

from __future__ import annotations

import copy
import threading
from typing import Any

from slipway.domain import lineage, lineage_text
from slipway.domain.experiments import experiment
from slipway.domain.lineage_errors import LineageCycleError, LineageError


class FakeLineage:
    """Port ``Lineage``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.told: dict[str, Any] = {}
        self.served: dict[str, Any] = {}

    def put_nodes(self, nodes: Any) -> Any:
        with self.lock:
            before = {one["id"]: self.node(one["id"]) for one in nodes}
            earlier = dict(self.told)
            try:
                for one in map(lineage.normal, nodes):
                    if one["id"] not in self.told or lineage.outranks(one, self.told[one["id"]]):
                        self.told[one["id"]] = one
                    for edge in one["inputs"]:
                        self.told.setdefault(edge["source"], lineage.stub(edge["source"]))
                for name in before:
                    lineage_text.canonical(self._node(name))
            except LineageError:
                self.told = earlier
                raise
            return sum(self.node(name) != node for name, node in before.items())

    def node(self, node: Any) -> Any:
        with self.lock:
            return copy.deepcopy(self._node(node)) if node in self.told else None

    def nodes(self, nodes: Any) -> Any:
        found = {name: self.node(name) for name in nodes}
        return {name: node for name, node in found.items() if node is not None}

    def descendants(self, node: Any, *, kind: Any = None, limit: Any = None) -> Any:
        with self.lock:
            found = [
                entries[node]
                for name in self.told
                if (kind is None or self.told[name]["kind"] == kind)
                and node in (entries := lineage.entries(self._node(name)))
            ]
        found.sort(key=lambda entry: (entry["kind"].encode(), entry["id"].encode()))
        return iter(found[:limit])

    def by_digest(self, digest: Any) -> Any:
        with self.lock:
            return sorted(
                (name for name, node in self.told.items() if digest in lineage.digests(node)), key=str.encode
            )

    def put_serving(self, serving: Any) -> Any:
        with self.lock:
            known = self.served.get(serving["endpoint"])
            if known is not None and not lineage.serving_rank(serving) > lineage.serving_rank(known):
                return False
            self.served[serving["endpoint"]] = copy.deepcopy(dict(serving))
            return True

    def serving(self) -> Any:
        with self.lock:
            return [copy.deepcopy(self.served[name]) for name in sorted(self.served, key=str.encode)]

    def experiments(self) -> Any:
        with self.lock:
            found = [listing for node in self.told.values() if (listing := experiment(node))]
        return iter([fields for _, fields in sorted(found, key=lambda one: one[0].encode(), reverse=True)])

    def _node(self, name: Any) -> Any:
        facts = self.told[name]
        upstream: dict[str, Any] = {}
        self._gather(name, upstream, {name})
        if name in upstream:
            raise LineageCycleError(name)
        return lineage.as_node(facts, dict(sorted(upstream.items())))

    def _gather(self, name: Any, upstream: dict[str, Any], walked: set[str]) -> None:
        for edge in self.told[name]["inputs"]:
            upstream[edge["source"]] = self.told[edge["source"]]["inputs"]
            if edge["source"] not in walked and lineage.hands_down(edge, name):
                walked.add(edge["source"])
                self._gather(edge["source"], upstream, walked)
