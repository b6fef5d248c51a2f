"""Tags of a version: people's own words about it, also the properties of its model package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TAGS: Final = 20
"""A model package has room for 50 properties, and the platform's own take some."""
MAX_KEY: Final = 128
MAX_VALUE: Final = 256
RESERVED: Final = ("slipway:", "metric:")
_TEXT: Final = re.compile(r"[\w .:/=+\-@]+", re.ASCII)


def tags_problem(tags: Mapping[str, str]) -> str:
    """
    Why these can't be a version's tags; empty: they can.

    >>> tags_problem({"team": "rates"}), tags_problem({"slipway:version": "1.0.0"})[:43]
    ('', "the tag 'slipway:version' is the platform's")
    """
    if len(tags) > MAX_TAGS:
        return f"{len(tags)} tags are too many; a version has at most {MAX_TAGS}"
    for key, value in tags.items():
        if key.startswith(RESERVED):
            return (
                f"the tag {key!r} is the platform's own; begin with another word than {' or '.join(RESERVED)}"
            )
        for text, limit in ((key, MAX_KEY), (value, MAX_VALUE)):
            if len(text) > limit or _TEXT.fullmatch(text) is None:
                return (
                    f"the tag {key}={value} can't be kept: write at most {limit} letters, digits, spaces and "
                    "_ . : / = + - @"
                )
    return ""
