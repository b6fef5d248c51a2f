"""Documents that somebody else wrote, read as what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def mapping(value: object) -> Mapping[str, Any]:
    """
    An object; empty where it is none.

    >>> mapping({"a": 1}), mapping(5)
    ({'a': 1}, {})
    """
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """
    A list; empty where it is none.

    >>> listed([1]), listed(None)
    ([1], [])
    """
    return value if isinstance(value, list) else []
