"""Lineage in the ledger's table: docs/ledger.md says what is read how, and why writers come in any order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from slipway.adapters.dynamodb_lineage_items import descendant_from, stored_from
from slipway.adapters.dynamodb_lineage_writes import LineageWriter
from slipway.adapters.dynamodb_table import DynamoDbTable
from slipway.contracts.ledger import LISTED
from slipway.contracts.ledger_keys import BY_MONTH
from slipway.contracts.lineage import (
    EXPERIMENTS,
    SERVING_PARTITION,
    descendant_prefix,
    digest_key,
    node_key,
    node_partition,
    serving_key,
)
from slipway.domain.lineage import serving_rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from slipway.contracts.lineage import Descendant, Node, NodeFacts, NodeKind, Serving


class DynamoDbLineage:
    """
    Port ``Lineage``.

    Args:
        client: boto3's.
        table: Name of the ledger's table.
        pause: Waits before a lost race is run again.
    """

    def __init__(self, client: Any, table: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._table = DynamoDbTable(client, table)
        self._pause = pause

    def put_nodes(self, nodes: Sequence[NodeFacts]) -> int:
        return LineageWriter(self._table, self._pause).put(nodes)

    def node(self, node: str) -> Node | None:
        item = self._table.get(node_key(node))
        return stored_from({**item, **node_key(node)}).node if item is not None else None

    def nodes(self, nodes: Sequence[str]) -> dict[str, Node]:
        found = self._table.batch_get([node_key(one) for one in dict.fromkeys(nodes)])
        return {stored.node["id"]: stored.node for stored in map(stored_from, found)}

    def descendants(
        self, node: str, *, kind: NodeKind | None = None, limit: int | None = None
    ) -> Iterator[Descendant]:
        rows = self._table.rows(
            node_partition(node),
            descendant_prefix(kind or ""),
            limit=limit,
            attributes=("sk", "name", "depth", "through"),
        )
        return map(descendant_from, rows)

    def by_digest(self, digest: str) -> list[str]:
        return [row["sk"]["S"] for row in self._table.rows(digest_key(digest, "")["pk"])]

    def put_serving(self, serving: Serving) -> bool:
        as_of, content = serving_rank(serving)
        return self._table.put(
            {**serving, **serving_key(serving["endpoint"]), "content": content},
            condition="attribute_not_exists(#pk) OR #as_of < :as_of"
            " OR (#as_of = :as_of AND #content < :content)",
            values={":as_of": as_of, ":content": content},
        )

    def serving(self) -> list[Serving]:
        found = self._table.query(SERVING_PARTITION)
        return [_serving(item) for item in found]

    def experiments(self) -> Iterator[dict[str, Any]]:
        return self._table.query(EXPERIMENTS, index=BY_MONTH, newest_first=True, attributes=LISTED)


def _serving(item: dict[str, Any]) -> Serving:
    del item["content"]
    return item  # type: ignore[return-value]  # as put_serving wrote it
