"""Endpoints' leases in the ledger's table; the promote machine takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts.ledger import lease_key

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.promotion import Lease


class DynamoDbLeases:
    """Port ``Leases``."""

    _table: DynamoDbTable

    def end_lease(self, endpoint: str, owner: str) -> bool:
        return self._table.delete(lease_key(endpoint), condition="#owner = :owner", values={":owner": owner})

    def lease(self, endpoint: str) -> Lease | None:
        held = self._table.get(lease_key(endpoint))
        if held is None or "owner" not in held:
            return None
        return {"owner": str(held["owner"]), "fence": int(held.get("fence", 0))}

    def lease_owner(self, endpoint: str, *, now_epoch: int) -> str:
        lease = self._table.get(lease_key(endpoint))
        held = lease is not None and int(lease["expires_at_epoch"]) >= now_epoch
        return str(lease["owner"]) if lease is not None and held else ""
