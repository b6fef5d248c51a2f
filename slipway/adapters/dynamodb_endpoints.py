"""What endpoints serve and served, as promotions left them, in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from slipway.adapters.dynamodb_aliases import alias_checks, alias_puts
from slipway.contracts.ledger_keys import (
    endpoint_history_key,
    endpoint_history_prefix,
    endpoint_partition,
    endpoint_state_key,
    lease_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.ledger import AliasRecord, EndpointState
    from slipway.contracts.promotion import Lease


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

    def record_promotion(self, state: EndpointState, moves: Sequence[AliasRecord], *, lease: Lease) -> bool:
        endpoint = state["endpoint"]
        held = (
            lease_key(endpoint),
            "#owner = :owner AND #fence = :fence",
            {":owner": lease["owner"], ":fence": lease["fence"]},
        )
        return self._table.transact_put(
            [
                *(put for move in moves for put in alias_puts(move)),
                (
                    {**state, **endpoint_state_key(endpoint)},
                    "attribute_not_exists(#pk) OR #changed_at < :changed_at",
                    {":changed_at": state["changed_at"]},
                ),
                (
                    {**state, **endpoint_history_key(endpoint, state["changed_at"])},
                    "attribute_not_exists(#pk)",
                    {},
                ),
            ],
            checks=[*alias_checks(moves), held],
        )

    def endpoint_at(self, endpoint: str, moment: str) -> EndpointState | None:
        until = endpoint_history_key(endpoint, moment)["sk"]
        last = self._table.query(
            endpoint_partition(endpoint),
            between=(endpoint_history_prefix(), until),
            newest_first=True,
            limit=1,
        )
        return cast("EndpointState | None", next(last, None))
