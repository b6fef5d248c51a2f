"""When endpoints' people were told that nobody calls them, in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts.ledger_keys import idle_warning_key

if TYPE_CHECKING:
    from slipway.adapters.dynamodb_table import DynamoDbTable


class DynamoDbIdleWarnings:
    """Port ``IdleWarnings``."""

    _table: DynamoDbTable

    def idle_warned_at(self, endpoint: str) -> str:
        noted = self._table.get(idle_warning_key(endpoint))
        return str(noted["warned_at"]) if noted is not None else ""

    def note_idle_warning(self, endpoint: str, at: str) -> None:
        self._table.put(idle_warning_key(endpoint) | {"warned_at": at})
