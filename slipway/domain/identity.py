"""
Which model made an answer: the custom attributes of an endpoint's answer, read.

The container's runtime writes them (``container/lib/slipway_container/identity.py``); it can't import this
library, so a test holds both to the same form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Final[Mapping[str, str]] = {
    "project": "project",
    "model": "model",
    "version": "version",
    "image": "image_digest",
    "data": "data_version",
}
"""Key in the header to key of ``contracts.promotion.Identity``."""


def parse_identity(custom_attributes: str) -> dict[str, str]:
    """
    The identity that an answer carries; of a repeated key the first counts, other keys are left out.

    >>> parse_identity("project=pricing;version=1.0.0;data=a%3Bb;trace=7")
    {'project': 'pricing', 'version': '1.0.0', 'data_version': 'a;b'}
    """
    identity: dict[str, str] = {}
    for part in custom_attributes.split(";"):
        short, _, text = part.partition("=")
        name = KEYS.get(short.strip())
        if name is not None:
            identity.setdefault(name, unquote(text))
    return identity
