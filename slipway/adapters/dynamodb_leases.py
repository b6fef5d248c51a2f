"""Endpoints' leases in the ledger's table; the promote machine takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts.ledger import lease_key

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable


class DynamoDbLeases:
    """Port ``Leases``."""

    _table: DynamoDbTable

    def end_lease(self, endpoint: str, owner: str) -> bool:
        return self._table.delete(lease_key(endpoint), condition="#owner = :owner", values={":owner": owner})
