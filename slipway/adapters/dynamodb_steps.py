"""The step cache in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from slipway.adapters.dynamodb_table import DynamoDbTable
from slipway.contracts.steps import latest_step_key, step_key

if TYPE_CHECKING:
    from slipway.contracts.steps import Step, StepRecord


class DynamoDbSteps:
    """Port ``Steps``."""

    def __init__(self, client: Any, table: str) -> None:
        self._table = DynamoDbTable(client, table)

    def step(self, key: str) -> StepRecord | None:
        return cast("StepRecord | None", self._table.get(step_key(key)))

    def claim_step(self, record: StepRecord, *, instead_of: str = "") -> StepRecord | None:
        claimed = self._table.put(
            {**record, **step_key(record["key"])},
            condition="attribute_not_exists(#pk) OR (#status = :running AND #release_id = :mine) "
            "OR #release_id = :other",
            values={":running": "running", ":mine": record["release_id"], ":other": instead_of},
        )
        return None if claimed else self.step(record["key"])

    def finish_step(self, record: StepRecord) -> bool:
        finished = self._table.put(
            {**record, **step_key(record["key"])},
            condition="attribute_not_exists(#pk) OR #release_id = :mine",
            values={":mine": record["release_id"]},
        )
        if finished:
            # only its inputs are compared, and that as long as there is a model: it does not expire
            left_out = ("outputs", "expires_at")
            latest = {name: value for name, value in record.items() if name not in left_out}
            self._table.put({**latest, **latest_step_key(record["project"], record["model"], record["step"])})
        return finished

    def release_step(self, key: str, release_id: str) -> bool:
        return self._table.delete(
            step_key(key),
            condition="#status = :running AND #release_id = :mine",
            values={":running": "running", ":mine": release_id},
        )

    def latest_step(self, project: str, model: str, step: Step) -> StepRecord | None:
        return cast("StepRecord | None", self._table.get(latest_step_key(project, model, step)))
