"""
Between Python values and DynamoDB's attribute values.

``boto3.dynamodb.types`` does the same with Decimal for every number; the domain
counts in float, and a function that only keeps a ledger should not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_attribute(value: Any) -> dict[str, Any]:
    """
    One value; NaN and infinities have no attribute value.

    >>> to_attribute({"mae": 31.25, "plots": ["a"], "champion": None})
    {'M': {'mae': {'N': '31.25'}, 'plots': {'L': [{'S': 'a'}]}, 'champion': {'NULL': True}}}
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            raise ValueError(f"DynamoDB holds no {value}; leave it out or write it as text")
        case int() | float():
            return {"N": repr(value)}
        case dict():
            return {"M": {str(key): to_attribute(inner) for key, inner in value.items()}}
        case list() | tuple():
            return {"L": [to_attribute(inner) for inner in value]}
        case _:
            raise TypeError(f"DynamoDB holds no {type(value).__name__}")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """
    The inverse: a whole number comes back as int, any other as float; a set of texts is sorted.

    >>> from_attribute({"M": {"mae": {"N": "31.25"}, "rows": {"N": "12"}}})
    {'mae': 31.25, 'rows': 12}
    """
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "NULL":
            return None
        case "M":
            return {key: from_attribute(inner) for key, inner in value.items()}
        case "SS":
            return sorted(value)
        case "L":
            return [from_attribute(inner) for inner in value]
        case _:
            raise TypeError(f"the ledger holds no attribute of type {kind}")


def to_item(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A whole item."""
    return {name: to_attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The inverse."""
    return {name: from_attribute(value) for name, value in item.items()}
