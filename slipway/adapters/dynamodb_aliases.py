"""What moves an alias in the ledger's table: parts of a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts.ledger_keys import alias_history_key, alias_key, version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.ledger import AliasRecord


def alias_puts(record: AliasRecord) -> list[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
    """The alias as it is from now on, and the move in its history."""
    project, model, alias = record["project"], record["model"], record["alias"]
    first = record["revision"] == 1
    condition = "attribute_not_exists(#pk)" if first else "#revision = :previous AND #moved_at < :moved_at"
    values = {} if first else {":previous": record["revision"] - 1, ":moved_at": record["moved_at"]}
    history = alias_history_key(project, model, alias, record["moved_at"])
    return [
        ({**record, **alias_key(project, model, alias)}, condition, values),
        ({**record, **history}, "attribute_not_exists(#pk)", {}),
    ]


def alias_checks(
    records: Iterable[AliasRecord],
) -> list[tuple[dict[str, str], str, Mapping[str, Any]]]:
    """Aliases point to no version whose artifact was removed; a transaction touches each item once."""
    keys = {
        key["sk"]: key
        for record in records
        if not record.get("removed")
        for key in [version_key(record["project"], record["model"], record["version"])]
    }
    return [(key, "attribute_not_exists(#artifact_removed_at)", {}) for key in keys.values()]
