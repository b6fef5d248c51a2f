"""Reads an ML Metadata store (its SQLite file) with Python's own sqlite3: ml-metadata is frozen."""

from __future__ import annotations

import base64
import math
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from slipway.domain.mlmd import SIDES, Side, empty, items, types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slipway.domain.mlmd import MlmdDocument

SCHEMA: Final = 10
"""``MLMDEnv.schema_version`` of ml-metadata 1.10 to 1.17."""
_TYPE_KINDS: Final[dict[Side, int]] = {"execution": 0, "artifact": 1, "context": 2}
_PROPERTY_TYPES: Final = ("UNKNOWN", "INT", "DOUBLE", "STRING", "STRUCT", "PROTO", "BOOLEAN")
_EVENTS: Final = (
    "UNKNOWN",
    "DECLARED_OUTPUT",
    "DECLARED_INPUT",
    "INPUT",
    "OUTPUT",
    "INTERNAL_INPUT",
    "INTERNAL_OUTPUT",
    "PENDING_OUTPUT",
)
_STATES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "artifact": (
        "state",
        ("UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"),
    ),
    "execution": (
        "last_known_state",
        ("UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"),
    ),
}
_BASES: Final = {
    f"mlmd.{word.capitalize()}": word
    for word in (
        "DATASET", "MODEL", "METRICS", "STATISTICS", "TRAIN", "TRANSFORM", "PROCESS", "EVALUATE", "DEPLOY",
    )
}  # fmt: skip
_TINY: Final = 1e-125
_HUGE: Final = 1e125


class InvalidStoreError(SlipwayError):
    """A file is no ML Metadata store that can be read."""

    def __init__(self, path: Path, why: str, what_next: str) -> None:
        super().__init__(f"{path} can't be imported: {why}; {what_next}")
        self.path, self.why = path, why


def read_store(path: Path) -> MlmdDocument:
    """
    The whole store as ``ml_metadata.LineageGraph`` in JSON.

    Raises:
        InvalidStoreError: It is no SQLite file, no ML Metadata store, or one of another schema.
    """
    if not path.is_file():
        raise InvalidStoreError(path, "there is no such file", "name the store's SQLite file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            _check_schema(database, path)
            return _document(database)
    except sqlite3.Error as error:
        raise InvalidStoreError(
            path, f"SQLite says: {error}", "name the file that ml-metadata's filename_uri names"
        ) from error


def _check_schema(database: sqlite3.Connection, path: Path) -> None:
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "MLMDEnv" not in tables:
        raise InvalidStoreError(
            path,
            "it is a SQLite file, but no ML Metadata store: it has no table MLMDEnv",
            "name the file that ml-metadata's filename_uri names (MLflow's, for one, is another)",
        )
    version = database.execute("SELECT max(schema_version) FROM MLMDEnv").fetchone()[0]
    if version != SCHEMA:
        raise InvalidStoreError(
            path,
            f"its schema version is {version}, and {SCHEMA} (ml-metadata 1.10 to 1.17) is what is read",
            "open a copy of it once with ml-metadata 1.17.1 and enable_upgrade_migration=True",
        )


def _document(database: sqlite3.Connection) -> MlmdDocument:
    document = empty()
    for side in SIDES:
        types(document, side).extend(_types(database, side))
        items(document, side).extend(_items(database, side, types(document, side)))
    document["events"] = list(_events(database))
    for table, place, names in (
        ("Attribution", document["attributions"], ("context_id", "artifact_id")),
        ("Association", document["associations"], ("context_id", "execution_id")),
    ):
        place += [{name: row[name] for name in names} for row in _rows(database, table, "id")]
    document["parent_contexts"] = [
        {"child_id": row["context_id"], "parent_id": row["parent_context_id"]}
        for row in _rows(database, "ParentContext", "context_id, parent_context_id")
    ]
    return document


def _rows(database: sqlite3.Connection, table: str, order: str) -> list[sqlite3.Row]:
    return database.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()  # noqa: S608 - our own names


def _types(database: sqlite3.Connection, side: Side) -> Iterator[dict[str, Any]]:
    rows = {row["id"]: row for row in _rows(database, "Type", "id")}
    parents = {row["type_id"]: row["parent_type_id"] for row in _rows(database, "ParentType", "type_id")}
    declared: dict[int, dict[str, str]] = {}
    for row in _rows(database, "TypeProperty", "type_id, name"):
        declared.setdefault(row["type_id"], {})[row["name"]] = _word(_PROPERTY_TYPES, row["data_type"])
    for number, row in rows.items():
        if row["type_kind"] != _TYPE_KINDS[side]:
            continue
        parent = rows.get(parents.get(number, 0))
        base = _BASES.get(parent["name"]) if parent is not None else None
        yield {
            "id": number,
            "name": row["name"],
            **{key: row[key] for key in ("version", "description", "external_id") if row[key]},
            **({"properties": declared[number]} if number in declared else {}),
            **({"base_type": base} if base else {}),
        }


def _items(database: sqlite3.Connection, side: Side, kinds: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    names = {kind["id"]: kind["name"] for kind in kinds}
    table = side.capitalize()
    values: dict[int, dict[str, dict[str, Any]]] = {}
    for row in _rows(database, f"{table}Property", f"{side}_id, name"):
        place = "custom_properties" if row["is_custom_property"] else "properties"
        values.setdefault(row[f"{side}_id"], {}).setdefault(place, {})[row["name"]] = _value(row)
    for row in _rows(database, table, "id"):
        held = dict(row)
        field, states = _STATES.get(side, ("", ()))
        state = held.pop(field, None)
        yield {
            **{key: value for key, value in held.items() if value is not None},
            "type": names.get(row["type_id"], ""),
            **({field: _word(states, state)} if state is not None else {}),
            **values.get(row["id"], {}),
        }


def _value(row: sqlite3.Row) -> dict[str, Any]:
    """``ml_metadata.Value``; a struct stays the text that the store has (``mlmd-struct::`` and base64)."""
    if row["int_value"] is not None:
        return {"int_value": row["int_value"]}
    if row["double_value"] is not None:
        return {"double_value": _double(row["double_value"])}
    if row["bool_value"] is not None:
        return {"bool_value": bool(row["bool_value"])}
    for name in ("proto_value", "byte_value"):
        if row[name] is not None:
            return {f"{name}_base64": base64.b64encode(row[name]).decode()}
    return {"string_value": row["string_value"] or ""}


def _double(value: float) -> float | str:
    """Text, as protobuf's JSON allows, where a ledger's number can't hold it."""
    holds = value == 0 or (math.isfinite(value) and _TINY < abs(value) < _HUGE)
    return value if holds else repr(value)


def _events(database: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    steps: dict[int, list[dict[str, Any]]] = {}
    for row in _rows(database, "EventPath", "rowid"):
        step = {"index": row["step_index"]} if row["is_index_step"] else {"key": row["step_key"]}
        steps.setdefault(row["event_id"], []).append(step)
    for row in _rows(database, "Event", "id"):
        yield {
            "artifact_id": row["artifact_id"],
            "execution_id": row["execution_id"],
            "type": _word(_EVENTS, row["type"]),
            **(
                {"milliseconds_since_epoch": row["milliseconds_since_epoch"]}
                if row["milliseconds_since_epoch"] is not None
                else {}
            ),
            **({"path": {"steps": steps[row["id"]]}} if row["id"] in steps else {}),
        }


def _word(words: tuple[str, ...], number: int | None) -> str:
    return words[number] if number is not None and number < len(words) else "UNKNOWN"
