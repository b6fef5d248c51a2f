"""Facts as ML Metadata's typed property values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def declared(facts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """
    A type's properties: for each fact the narrowest type that holds all its values.

    >>> declared([{"rows": 3, "uri": "s3://b"}, {"rows": 2.5, "metrics": {"mae": 1}}])
    {'metrics': 'STRUCT', 'rows': 'DOUBLE', 'uri': 'STRING'}
    """
    seen: dict[str, set[str]] = {}
    for one in facts:
        for name, value in one.items():
            seen.setdefault(name, set()).add(_type_of(value))
    return {name: _together(kinds) for name, kinds in sorted(seen.items())}


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "BOOLEAN"
        case int():
            return "INT"
        case float():
            return "DOUBLE"
        case str():
            return "STRING"
        case _:
            return "STRUCT"


def _together(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "DOUBLE" if kinds == {"INT", "DOUBLE"} else "STRUCT"


def value_of(value: Any, kind: str) -> dict[str, Any]:
    """
    One value of a declared type; what is no object is put into one where the type is STRUCT.

    >>> value_of(3, "DOUBLE"), value_of(["a"], "STRUCT")
    ({'double_value': 3.0}, {'struct_value': {'value': ['a']}})
    """
    match kind:
        case "BOOLEAN":
            return {"bool_value": value}
        case "INT":
            return {"int_value": value}
        case "DOUBLE":
            return {"double_value": float(value)}
        case "STRING":
            return {"string_value": value}
        case _:
            return {"struct_value": value if isinstance(value, dict) else {"value": value}}
