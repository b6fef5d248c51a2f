"""The ledger: one DynamoDB table; access patterns in docs/ledger.md."""

from __future__ import annotations

from typing import Any

from slipway.adapters.dynamodb_approvals import DynamoDbApprovals
from slipway.adapters.dynamodb_endpoints import DynamoDbEndpoints
from slipway.adapters.dynamodb_idle_warnings import DynamoDbIdleWarnings
from slipway.adapters.dynamodb_leases import DynamoDbLeases
from slipway.adapters.dynamodb_releases import DynamoDbReleases
from slipway.adapters.dynamodb_table import DynamoDbTable
from slipway.adapters.dynamodb_trials import DynamoDbTrials
from slipway.adapters.dynamodb_versions import DynamoDbVersions


class DynamoDbLedger(
    DynamoDbReleases,
    DynamoDbVersions,
    DynamoDbApprovals,
    DynamoDbLeases,
    DynamoDbEndpoints,
    DynamoDbTrials,
    DynamoDbIdleWarnings,
):
    """Port ``Ledger``."""

    def __init__(self, client: Any, table: str) -> None:
        self._table = DynamoDbTable(client, table)
