"""Endpoints' leases in the ledger's table; the promote machine takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts.ledger_keys import lease_key

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable
    from slipway.contracts.promotion import Lease


class DynamoDbLeases:
    """Port ``Leases``."""

    _table: DynamoDbTable

    def end_lease(self, endpoint: str, owner: str, *, fence: int) -> bool:
        # the item stays: its fence counts on for ever
        return self._table.update(
            lease_key(endpoint),
            "REMOVE #owner, #expires_at_epoch",
            condition="#owner = :owner AND #fence = :fence",
            values={":owner": owner, ":fence": fence},
        )

    def lease(self, endpoint: str) -> Lease | None:
        held = self._table.get(lease_key(endpoint))
        if held is None or "owner" not in held:
            return None
        return {"owner": str(held["owner"]), "fence": int(held.get("fence", 0))}

    def lease_owner(self, endpoint: str, *, now_epoch: int) -> str:
        lease = self._table.get(lease_key(endpoint))
        if lease is None or "owner" not in lease:
            return ""
        return str(lease["owner"]) if int(lease["expires_at_epoch"]) >= now_epoch else ""
