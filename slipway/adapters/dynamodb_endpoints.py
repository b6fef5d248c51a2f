"""What endpoints serve and served, as promotions left them, in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from slipway.contracts.ledger import (
    endpoint_history_key,
    endpoint_history_prefix,
    endpoint_partition,
    endpoint_state_key,
)

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import EndpointState


class DynamoDbEndpoints:
    """Port ``Endpoints``."""

    _table: DynamoDbTable

    def endpoint_state(self, endpoint: str) -> EndpointState | None:
        return cast("EndpointState | None", self._table.get(endpoint_state_key(endpoint)))

    def endpoint_history(self, endpoint: str, *, limit: int | None = None) -> list[EndpointState]:
        found = self._table.query(
            endpoint_partition(endpoint), endpoint_history_prefix(), newest_first=True, limit=limit
        )
        return cast("list[EndpointState]", list(found))

    def endpoint_at(self, endpoint: str, moment: str) -> EndpointState | None:
        until = endpoint_history_key(endpoint, moment)["sk"]
        last = self._table.query(
            endpoint_partition(endpoint),
            between=(endpoint_history_prefix(), until),
            newest_first=True,
            limit=1,
        )
        return cast("EndpointState | None", next(last, None))
